import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
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
import type { PrivateKey } from '../ecdsa.ts';
import { type KeyPair, keyPairFrom } from '../key-pair.ts';
import { OfficeKeys } from './office.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** The library reads the algorithm off a key that it is given to sign with; this one never signs. */
const { privateKey: NAMES_ALGORITHM } = await webcrypto.subtle.generateKey(ALGORITHM, false, ['sign', 'verify']);
const DAY_MS = 24 * 3_600_000;
const ROOT_NAME = 'Postal Root CA';
const ROOT_PATH_LENGTH = 1;

/** Somebody who signs certificates. */
interface Issuer {
  readonly name: string;
  readonly pair: KeyPair;
  readonly certificate: X509Certificate;
}

/** A root and, below it, the authority that certifies the keys of PSDs: X.509 certificates and revocation lists. */
export class CertificateIssuer {
  readonly keys: OfficeKeys;
  readonly #root: Issuer;
  readonly #nowMs: number;
  #keyIssuers: Issuer[];

  private constructor(keys: OfficeKeys, root: Issuer, keyIssuer: Issuer, nowMs: number) {
    this.keys = keys;
    this.#root = root;
    this.#keyIssuers = [keyIssuer];
    this.#nowMs = nowMs;
  }

  static async create(seedOf: (number: number) => Buffer, nowMs: number): Promise<CertificateIssuer> {
    const rootPair = keyPairFrom(seedOf(0));
    const self = { name: ROOT_NAME, pair: rootPair };
    const certificate = await certificateOf(self, ROOT_NAME, 1 + ROOT_PATH_LENGTH, rootPair.spki, longValidity(nowMs), [
      ...authorityExtensions(ROOT_PATH_LENGTH),
    ]);
    const root = { ...self, certificate };
    const keys = new OfficeKeys('certifier', seedOf);
    return new CertificateIssuer(keys, root, await keyIssuer(root, keys.current, 1, nowMs), nowMs);
  }

  /** Replaces the key with which PSD keys are certified; the message tells the PSDs. */
  async rotate(): Promise<string> {
    const message = this.keys.rotate();
    this.#keyIssuers = [
      await keyIssuer(this.#root, this.keys.current, this.keys.anchor.number, this.#nowMs),
      ...this.#keyIssuers,
    ];
    return message;
  }

  /** Certificate of a PSD's key, DER. */
  async issue(subject: string, serial: number, spki: Buffer, fromMs: number, toMs: number): Promise<Buffer> {
    const [issuer = this.#root] = this.#keyIssuers;
    return der(await certificateOf(issuer, subject, serial, spki, [fromMs, toMs], leafExtensions()));
  }

  /** Certificate of another office, by the root. */
  async certifyOffice(name: string, serial: number, spki: Buffer): Promise<Buffer> {
    return der(await certificateOf(this.#root, name, serial, spki, longValidity(this.#nowMs), leafExtensions()));
  }

  /** Root, issuers and revocation lists, as authorities.ndjson names them. */
  async authorities(revoked: readonly [keyId: number, revokedAtMs: number][]) {
    const lists = this.#keyIssuers.map((issuer) => this.#crl(issuer, revoked));
    const line = (role: string, bytes: Buffer) => ({ role, certificate: bytes.toString('base64') });
    return [
      line('root', der(this.#root.certificate)),
      ...this.#keyIssuers.map(({ certificate }) => line('issuer', der(certificate))),
      line('crl', await this.#crl(this.#root, [])),
      ...(await Promise.all(lists)).map((list) => line('crl', list)),
    ];
  }

  async #crl(by: Issuer, revoked: readonly [keyId: number, revokedAtMs: number][]): Promise<Buffer> {
    const crl = await X509CrlGenerator.create(
      {
        issuer: `CN=${by.name}`,
        thisUpdate: new Date(this.#nowMs - DAY_MS),
        nextUpdate: new Date(Date.UTC(2099, 11, 31)),
        signingAlgorithm: ALGORITHM,
        signingKey: NAMES_ALGORITHM,
        entries: revoked.map(([keyId, revokedAtMs]) => ({
          serialNumber: hex(keyId),
          revocationDate: new Date(revokedAtMs),
          // Without a reason the generator writes an empty list of extensions, which RFC 5280 does not allow.
          reason: X509CrlReason.keyCompromise,
        })),
      },
      cryptoSigningWith(by.pair.privateKey),
    );
    return Buffer.from(crl.rawData);
  }
}

async function keyIssuer(root: Issuer, pair: KeyPair, number: number, nowMs: number): Promise<Issuer> {
  const name = number === 1 ? 'Meter Key CA' : `Meter Key CA ${number}`;
  const serial = 100 + number;
  const certificate = await certificateOf(root, name, serial, pair.spki, longValidity(nowMs), authorityExtensions(0));
  return { name, pair, certificate };
}

function authorityExtensions(pathLength: number) {
  return [
    new BasicConstraintsExtension(true, pathLength, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
  ];
}

function leafExtensions() {
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
  ];
}

function longValidity(nowMs: number): readonly [number, number] {
  return [nowMs - 3_650 * DAY_MS, nowMs + 3_650 * DAY_MS];
}

function certificateOf(
  by: Pick<Issuer, 'name' | 'pair'>,
  subject: string,
  serial: number,
  spki: Buffer,
  [fromMs, toMs]: readonly [number, number],
  extensions: (BasicConstraintsExtension | KeyUsagesExtension)[],
): Promise<X509Certificate> {
  return X509CertificateGenerator.create(
    {
      serialNumber: hex(serial),
      subject: `CN=${subject}`,
      issuer: `CN=${by.name}`,
      notBefore: new Date(fromMs),
      notAfter: new Date(toMs),
      signingAlgorithm: ALGORITHM,
      publicKey: new PublicKey(spki),
      signingKey: NAMES_ALGORITHM,
      extensions,
    },
    cryptoSigningWith(by.pair.privateKey),
  );
}

/** What the library calls to sign, with a key of ours in place of the one that it names. */
function cryptoSigningWith(privateKey: PrivateKey): typeof webcrypto {
  const sign = async (_algorithm: unknown, _key: unknown, bytes: ArrayBuffer) => privateKey.sign(new Uint8Array(bytes));
  const subtle = new Proxy(webcrypto.subtle, {
    get: (real, name) => (name === 'sign' ? sign : Reflect.get(real, name)),
  });
  return new Proxy(webcrypto, { get: (real, name) => (name === 'subtle' ? subtle : Reflect.get(real, name)) });
}

function hex(serial: number): string {
  const digits = serial.toString(16);
  return digits.length % 2 === 0 ? digits : `0${digits}`;
}

function der(certificate: X509Certificate): Buffer {
  return Buffer.from(certificate.rawData);
}
