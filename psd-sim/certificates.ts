import 'reflect-metadata';
import { sign, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PublicKey,
  type X509Certificate,
  X509CertificateGenerator,
  X509CrlGenerator,
  X509CrlReason,
} from '@peculiar/x509';
import type { Register } from './authority.ts';
import { type KeyPair, keyPairFrom } from './key-pair.ts';
import type { Random } from './random.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 24 * 3_600_000;

/** Somebody who signs: a key pair with its certificate. */
interface Signer {
  readonly name: string;
  readonly pair: KeyPair;
  readonly certificate: X509Certificate;
}

/**
 * The certificates of WO 99/48053: a certificate authority certifies the public key of each license on each PSD; the
 * postal authority and the manufacturer sign each license. Gives the NDJSON files of a registry.
 */
export async function certificateFiles(
  register: Register,
  todayMs: number,
  random: Random,
): Promise<Map<string, string>> {
  const issuer = new Issuer(todayMs, random);
  const root = await issuer.authority('Postal Root CA', null, 1);
  const keyCa = await issuer.authority('Meter Key CA', root, 0);
  const signers = {
    authority: await issuer.signer('Postal Authority', root, 2),
    manufacturer: await issuer.signer('Manufacturer 06', root, 3),
  };
  const certificates: object[] = [];
  for (const key of register.keys) {
    const certificate = await issuer.leaf(
      `${key.psd} ${key.license}`,
      keyCa,
      key.keyId,
      Buffer.from(key.spki, 'base64'),
      [key.validFromMs, key.validToMs],
    );
    certificates.push({ keyId: key.keyId, certificate: base64(certificate) });
  }
  const revoked = register.keys.filter((key) => key.revokedAtMs !== null);
  const authorities = [
    { role: 'root', certificate: base64(root.certificate) },
    { role: 'issuer', certificate: base64(keyCa.certificate) },
    { role: 'authority', certificate: base64(signers.authority.certificate) },
    { role: 'manufacturer', certificate: base64(signers.manufacturer.certificate) },
    { role: 'crl', certificate: await issuer.crl(root, []) },
    {
      role: 'crl',
      certificate: await issuer.crl(
        keyCa,
        revoked.map((key) => [key.keyId, key.revokedAtMs ?? 0]),
      ),
    },
  ];
  const licenseSignatures = register.licenses.map((license) => {
    const { validFromMs, validToMs, psdLimit, town, depositPostcode, holder } = license;
    const text = JSON.stringify([license.license, holder, town, depositPostcode, psdLimit, validFromMs, validToMs]);
    const by = ({ pair }: Signer) => {
      return sign('sha256', Buffer.from(text), { key: pair.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64');
    };
    return { license: license.license, authority: by(signers.authority), manufacturer: by(signers.manufacturer) };
  });
  return new Map([
    ['certificates.ndjson', ndjson(certificates)],
    ['authorities.ndjson', ndjson(authorities)],
    ['license-signatures.ndjson', ndjson(licenseSignatures)],
  ]);
}

class Issuer {
  readonly #todayMs: number;
  readonly #random: Random;

  constructor(todayMs: number, random: Random) {
    this.#todayMs = todayMs;
    this.#random = random;
  }

  /** A certificate authority; signed by itself where there is no parent. */
  async authority(name: string, parent: Signer | null, pathLength: number): Promise<Signer> {
    const pair = keyPairFrom(this.#random.bytes(`certificate ${name}`));
    const certificate = await this.#create(
      name,
      parent ?? { name, pair },
      1 + pathLength,
      pair.spki,
      this.#longValidity,
      [
        new BasicConstraintsExtension(true, pathLength, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ],
    );
    return { name, pair, certificate };
  }

  async signer(name: string, parent: Signer, serial: number): Promise<Signer> {
    const pair = keyPairFrom(this.#random.bytes(`certificate ${name}`));
    return { name, pair, certificate: await this.leaf(name, parent, serial, pair.spki, this.#longValidity) };
  }

  leaf(
    name: string,
    parent: Signer,
    serial: number,
    spki: Buffer,
    validity: readonly [number, number],
  ): Promise<X509Certificate> {
    return this.#create(name, parent, serial, spki, validity, [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    ]);
  }

  async crl(by: Signer, revoked: readonly [keyId: number, revokedAtMs: number][]): Promise<string> {
    const crl = await X509CrlGenerator.create({
      issuer: `CN=${by.name}`,
      thisUpdate: new Date(this.#todayMs - DAY_MS),
      nextUpdate: new Date(Date.UTC(2099, 11, 31)),
      signingAlgorithm: ALGORITHM,
      signingKey: await cryptoKey(by.pair),
      entries: revoked.map(([keyId, revokedAtMs]) => ({
        serialNumber: hex(keyId),
        revocationDate: new Date(revokedAtMs),
        // Without a reason the generator writes an empty list of extensions, which RFC 5280 does not allow.
        reason: X509CrlReason.keyCompromise,
      })),
    });
    return Buffer.from(crl.rawData).toString('base64');
  }

  get #longValidity(): readonly [number, number] {
    return [this.#todayMs - 3_650 * DAY_MS, this.#todayMs + 3_650 * DAY_MS];
  }

  async #create(
    name: string,
    by: Pick<Signer, 'name' | 'pair'>,
    serial: number,
    spki: Buffer,
    [fromMs, toMs]: readonly [number, number],
    extensions: (BasicConstraintsExtension | KeyUsagesExtension)[],
  ): Promise<X509Certificate> {
    return X509CertificateGenerator.create({
      serialNumber: hex(serial),
      subject: `CN=${name}`,
      issuer: `CN=${by.name}`,
      notBefore: new Date(fromMs),
      notAfter: new Date(toMs),
      signingAlgorithm: ALGORITHM,
      publicKey: new PublicKey(spki),
      signingKey: await cryptoKey(by.pair),
      extensions,
    });
  }
}

function cryptoKey(pair: KeyPair): Promise<webcrypto.CryptoKey> {
  const pkcs8 = pair.privateKey.export({ format: 'der', type: 'pkcs8' });
  return webcrypto.subtle.importKey('pkcs8', pkcs8, ALGORITHM, false, ['sign']);
}

function hex(serial: number): string {
  const digits = serial.toString(16);
  return digits.length % 2 === 0 ? digits : `0${digits}`;
}

function base64(certificate: X509Certificate): string {
  return Buffer.from(certificate.rawData).toString('base64');
}

function ndjson(records: readonly object[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join('');
}
