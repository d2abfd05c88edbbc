import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { before, describe, it, type TestContext } from 'node:test';
import {
  BasicConstraintsExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  type X509Certificate,
  X509CertificateGenerator,
  X509CrlGenerator,
  X509CrlReason,
} from '@peculiar/x509';
import fc from 'fast-check';
import { simulate } from '../../psd-sim/index.ts';
import { Random } from '../../psd-sim/random.ts';
import { TrustPublisher } from '../../psd-sim/trust-publisher.ts';
import { auditRegistry } from '../../verify/audit/index.ts';
import { openTrustedFolder } from '../../verify/registry/index.ts';
import { parseCertificate } from '../../verify/x509/parse.ts';
import { certificateAuthorities, checkPath } from '../../verify/x509/path.ts';
import { NOW_MS } from '../support/published.ts';
import { temporaryFolder } from '../support/temporary.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const YEAR_MS = 365 * 24 * 3_600_000;

interface Made {
  readonly name: string;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly certificate: X509Certificate;
}

interface CertificateOptions {
  readonly name: string;
  readonly by?: Made;
  readonly ca?: boolean;
  readonly pathLength?: number;
  readonly usage?: number;
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly serial?: string;
  readonly extension?: Extension;
  readonly keys?: webcrypto.CryptoKeyPair;
}

const CA_USAGE = KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign;

async function make(options: CertificateOptions): Promise<Made> {
  const keys = options.keys ?? (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']));
  const { name, by, ca = false, pathLength, fromMs = NOW_MS - YEAR_MS, toMs = NOW_MS + YEAR_MS } = options;
  const certificate = await X509CertificateGenerator.create({
    serialNumber: options.serial ?? '01',
    subject: `CN=${name}`,
    issuer: `CN=${by?.name ?? name}`,
    notBefore: new Date(fromMs),
    notAfter: new Date(toMs),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: (by?.keys ?? keys).privateKey,
    extensions: [
      new BasicConstraintsExtension(ca, pathLength, true),
      new KeyUsagesExtension(options.usage ?? (ca ? CA_USAGE : KeyUsageFlags.digitalSignature), true),
      ...(options.extension === undefined ? [] : [options.extension]),
    ],
  });
  return { name, keys, certificate };
}

async function crl(
  by: Made,
  revoked: readonly [string, number][] = [],
  nextUpdateMs = NOW_MS + YEAR_MS,
): Promise<Uint8Array> {
  const list = await X509CrlGenerator.create({
    issuer: `CN=${by.name}`,
    thisUpdate: new Date(NOW_MS - YEAR_MS),
    nextUpdate: new Date(nextUpdateMs),
    signingAlgorithm: ALGORITHM,
    signingKey: by.keys.privateKey,
    entries: revoked.map(([serialNumber, ms]) => ({
      serialNumber,
      revocationDate: new Date(ms),
      reason: X509CrlReason.keyCompromise,
    })),
  });
  return new Uint8Array(list.rawData);
}

const der = ({ certificate }: Made) => new Uint8Array(certificate.rawData);

function outcomeOf(
  leaf: Made,
  roots: readonly Made[],
  intermediates: readonly Made[],
  crls: readonly Uint8Array[],
  atMs = NOW_MS,
) {
  const parsed = parseCertificate(der(leaf));
  assert.ok(parsed !== null);
  return (
    checkPath(parsed, certificateAuthorities(roots.map(der), intermediates.map(der), crls), atMs, NOW_MS) ?? 'fine'
  );
}

let root: Made;
let issuer: Made;
let leaf: Made;
let crls: Uint8Array[];
before(async () => {
  root = await make({ name: 'Root', ca: true, pathLength: 1 });
  issuer = await make({ name: 'Issuer', by: root, ca: true, pathLength: 0 });
  leaf = await make({ name: 'leaf', by: issuer, serial: '0a' });
  crls = [await crl(root), await crl(issuer)];
});

describe('a certificate path', () => {
  it('leads from a key over an issuer to a root', () => assert.equal(outcomeOf(leaf, [root], [issuer], crls), 'fine'));

  it('is checked at the date asked for, to the second', () => {
    for (const [atMs, expected] of [
      [NOW_MS - YEAR_MS, 'fine'],
      [NOW_MS - YEAR_MS - 1_000, 'certificate-not-yet-valid'],
      [NOW_MS + YEAR_MS, 'fine'],
      [NOW_MS + YEAR_MS + 1_000, 'certificate-expired'],
    ] as const) {
      assert.equal(outcomeOf(leaf, [root], [issuer], crls, atMs), expected);
    }
  });

  it('does not lead to an impostor who calls himself the same', async () => {
    const impostor = await make({ name: 'Root', ca: true, pathLength: 1 });
    const hisIssuer = await make({ name: 'Issuer', by: impostor, ca: true, pathLength: 0 });
    const his = await make({ name: 'leaf', by: hisIssuer });
    assert.equal(outcomeOf(his, [root], [hisIssuer, impostor, issuer], crls), 'certificate-untrusted');
    assert.equal(outcomeOf(leaf, [impostor], [issuer], crls), 'certificate-untrusted');
  });

  it('does not pass through a key that may only sign marks', async () => {
    const child = await make({ name: 'child', by: leaf });
    assert.equal(outcomeOf(child, [root], [issuer, leaf], crls), 'certificate-not-a-ca');
    const marked = await make({ name: 'half', by: root, ca: false, usage: CA_USAGE });
    assert.equal(outcomeOf(await make({ name: 'x', by: marked }), [root], [marked], crls), 'certificate-not-a-ca');
    const mute = await make({ name: 'mute', by: root, ca: true, pathLength: 0, usage: KeyUsageFlags.cRLSign });
    assert.equal(outcomeOf(await make({ name: 'x', by: mute }), [root], [mute], crls), 'certificate-key-usage');
  });

  it('is no longer than its authorities allow', async () => {
    const second = await make({ name: 'Second', by: issuer, ca: true, pathLength: 0 });
    const deep = await make({ name: 'deep', by: second });
    assert.equal(outcomeOf(deep, [root], [issuer, second], [...crls, await crl(second)]), 'certificate-path-too-long');
    let last = await make({ name: 'Long', ca: true });
    const anchor = last;
    const chain: Made[] = [];
    for (let depth = 0; depth < 7; depth++) {
      last = await make({ name: `Long ${depth}`, by: last, ca: true });
      chain.push(last);
    }
    assert.equal(outcomeOf(await make({ name: 'x', by: last }), [anchor], chain, []), 'certificate-untrusted');
  });

  it('ends in a key that may sign, and in no authority', async () => {
    assert.equal(outcomeOf(issuer, [root], [], crls), 'certificate-key-usage');
    const mute = await make({ name: 'mute', by: issuer, usage: KeyUsageFlags.keyEncipherment });
    assert.equal(outcomeOf(mute, [root], [issuer], crls), 'certificate-key-usage');
  });

  it('is refused for a critical extension that is not understood, and only for a critical one', async () => {
    const value = Uint8Array.of(5, 0);
    const demanding = await make({ name: 'a', by: issuer, extension: new Extension('1.2.3.4', true, value) });
    const harmless = await make({ name: 'b', by: issuer, extension: new Extension('1.2.3.4', false, value) });
    assert.equal(outcomeOf(demanding, [root], [issuer], crls), 'certificate-critical-extension');
    assert.equal(outcomeOf(harmless, [root], [issuer], crls), 'fine');
  });

  it('needs a current list of revocations from every issuer, signed by him', async () => {
    const [rootCrl = new Uint8Array(), issuerCrl = new Uint8Array()] = crls;
    const other = await make({ name: 'Issuer', ca: true });
    const outcome = (...lists: Uint8Array[]) => outcomeOf(leaf, [root], [issuer], lists);
    assert.equal(outcome(rootCrl), 'crl-missing');
    assert.equal(outcome(issuerCrl), 'crl-missing');
    assert.equal(outcome(rootCrl, await crl(issuer, [], NOW_MS)), 'crl-missing');
    assert.equal(outcome(rootCrl, await crl(other)), 'crl-missing');
    assert.equal(outcome(rootCrl, issuerCrl), 'fine');
  });

  it('is broken by a revocation from its date on, of the key or of its issuer', async () => {
    const revokedNow = await crl(issuer, [['0a', NOW_MS]]);
    const [rootCrl = new Uint8Array(), issuerCrl = new Uint8Array()] = crls;
    assert.equal(outcomeOf(leaf, [root], [issuer], [rootCrl, revokedNow], NOW_MS), 'certificate-revoked');
    assert.equal(outcomeOf(leaf, [root], [issuer], [rootCrl, revokedNow], NOW_MS - 1_000), 'fine');
    const issuerRevoked = await crl(root, [['01', NOW_MS - 1_000]]);
    assert.equal(outcomeOf(leaf, [root], [issuer], [issuerRevoked, issuerCrl]), 'certificate-revoked');
  });

  it('is refused when a bit of any certificate is flipped, and never crashes', () => {
    const bytes = der(leaf);
    const authorities = certificateAuthorities([der(root)], [der(issuer)], crls);
    for (let bit = 0; bit < bytes.length * 8; bit += 3) {
      const flipped = Uint8Array.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const parsed = parseCertificate(flipped);
      assert.ok(parsed === null || checkPath(parsed, authorities, NOW_MS, NOW_MS) !== null, `bit ${bit}`);
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (noise) => assert.equal(parseCertificate(noise), null)));
  });
});

describe('checking a registry', () => {
  const audited = async (test: TestContext, change: (folder: string) => Promise<Map<string, string>>) => {
    const folder = await temporaryFolder(test);
    const dayMs = Date.UTC(2026, 10, 20);
    await simulate({ seed: 8, pieces: 20, psds: 3, licenses: 2, frauds: [], images: 'none', dayMs }, folder);
    const published = join(folder, 'registry');
    const names = ['keys', 'licenses', 'grants', 'psds', 'funds', 'certificates', 'authorities', 'license-signatures'];
    const files = new Map<string, string>();
    for (const name of names) files.set(`${name}.ndjson`, await readFile(join(published, `${name}.ndjson`), 'utf8'));
    for (const [name, text] of await change(published)) files.set(name, text);
    const again = new TrustPublisher(new Random('auditor'), join(folder, 'again'));
    await again.publishRoot();
    await again.publishList(files, dayMs);
    await writeFile(join(folder, 'done'), '');
    return auditRegistry(await openTrustedFolder(again.folder, NOW_MS), NOW_MS);
  };
  const edit = (file: string, change: (text: string) => string) => async (folder: string) => {
    return new Map([[file, change(await readFile(join(folder, file), 'utf8'))]]);
  };

  it('finds nothing wrong with a good one', async (test) => {
    const { problems, keys, certificates, licenseSignatures } = await audited(test, async () => new Map());
    assert.deepEqual(problems, []);
    assert.equal(certificates, keys);
    assert.equal(licenseSignatures, 2);
  });

  const faults: [string, (folder: string) => Promise<Map<string, string>>, RegExp][] = [
    [
      'a license changed after it was signed',
      edit('licenses.ndjson', (text) => text.replace('Shelton', 'Madison')),
      /license 700000.*signature of the authority does not fit.*signature of the manufacturer does not fit/,
    ],
    [
      'a license that nobody signed',
      edit('license-signatures.ndjson', (text) => text.replace(/^.*\n/, '')),
      /license 700000.*not signed/,
    ],
    [
      'a key without certificate',
      edit('certificates.ndjson', (text) => text.replace(/^.*\n/, '')),
      /key 4000001.*no certificate/,
    ],
    [
      'certificates exchanged',
      edit('certificates.ndjson', (text) =>
        text.replace('4000001', '9').replace('4000002', '4000001').replace('"keyId":9', '"keyId":4000002'),
      ),
      /key 4000002.*another serial.*key 4000001.*another serial/,
    ],
    ['no root', edit('authorities.ndjson', (text) => text.replace(/^.*"root".*\n/, '')), /certificate-untrusted/],
    [
      'no list of revocations',
      edit('authorities.ndjson', (text) => text.replaceAll(/^.*"crl".*\n/gm, '')),
      /crl-missing/,
    ],
    [
      'a key registered for longer than certified',
      edit('keys.ndjson', (text) => text.replace(/"validToMs":\d+/, '"validToMs":8000000000000000')),
      /key 4000001.*registered for longer/,
    ],
    [
      'a key whose point is not on its curve',
      edit('keys.ndjson', (text) => text.replace(/(.{8})==","validFromMs"/, 'AAAAAAAA==","validFromMs"')),
      /key 4000001.*not on its curve/,
    ],
  ];
  for (const [what, change, expected] of faults) {
    it(`names ${what}`, async (test) => {
      const { problems } = await audited(test, change);
      assert.match(problems.map(({ subject, problem }) => `${subject}: ${problem}`).join('; '), expected);
    });
  }
});
