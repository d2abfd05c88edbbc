import type { Offices } from './offices.ts';

/** Certificates take 700 bytes each; of a larger fleet only the keys are published. */
const CERTIFIED_KEYS_MAX = 50_000;

/** The NDJSON files of a registry by name (docs/REGISTRY.md): what the offices tell the postal side. */
export async function publishedFiles(offices: Offices): Promise<Map<string, string>> {
  const { manufacturer, authority, certifier, issuer } = offices;
  const { licenses, grants, funds, refunds, withdrawals } = authority.records;
  const keys = certifier.keys;
  const files = new Map([
    ['keys.ndjson', ndjson(keys)],
    ['licenses.ndjson', ndjson(licenses.map(({ payment: _, user: __, ...license }) => license))],
    ['grants.ndjson', ndjson(grants)],
    ['psds.ndjson', ndjson(manufacturer.devices)],
    ['funds.ndjson', ndjson(funds)],
    ['refunds.ndjson', ndjson(refunds)],
    ['withdrawals.ndjson', ndjson(withdrawals)],
  ]);
  if (keys.length > CERTIFIED_KEYS_MAX) return files;
  const revoked = keys.flatMap(({ keyId, revokedAtMs }): [number, number][] => {
    return revokedAtMs === null ? [] : [[keyId, revokedAtMs]];
  });
  const officeOf = async (role: string, name: string, serial: number, spki: Buffer) => {
    return { role, certificate: (await issuer.certifyOffice(name, serial, spki)).toString('base64') };
  };
  const authorities = [
    ...(await issuer.authorities(revoked)),
    await officeOf('authority', 'Postal Authority', 2, authority.keys.current.spki),
    await officeOf('manufacturer', 'Manufacturer 06', 3, manufacturer.keys.current.spki),
  ];
  const signatures = licenses.map((license) => {
    const { holder, town, depositPostcode, psdLimit, validFromMs, validToMs } = license;
    const terms = [license.license, holder, town, depositPostcode, psdLimit, validFromMs, validToMs];
    const text = Buffer.from(JSON.stringify(terms));
    const by = (office: typeof authority | typeof manufacturer) => {
      return office.keys.current.privateKey.sign(text).toString('base64');
    };
    return { license: license.license, authority: by(authority), manufacturer: by(manufacturer) };
  });
  files.set('certificates.ndjson', ndjson(certifier.certificates));
  files.set('authorities.ndjson', ndjson(authorities));
  files.set('license-signatures.ndjson', ndjson(signatures));
  return files;
}

export function ndjson(records: readonly object[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join('');
}
