import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type KeyPair, keyPairFrom } from './key-pair.ts';
import type { Random } from './random.ts';

/** NDJSON files by name. */
export type PublishedFiles = ReadonlyMap<string, string>;

interface Roles {
  readonly root: readonly KeyPair[];
  readonly list: readonly KeyPair[];
}

const SIGNERS = 3;
const THRESHOLD = 2;
const ROOT_TYPE = 'application/vnd.indicia.trust-root+json';
const LIST_TYPE = 'application/vnd.indicia.trust-list+json';
/** Far ahead: a simulated registry is used for as long as somebody keeps it. */
const NEVER_MS = Date.UTC(2099, 11, 31);

/**
 * The office that publishes trust lists: two of three keys sign the root, two of three others each list. Every list
 * fixes its files by digest and all lists before it by the root of a Merkle tree (docs/REGISTRY.md).
 */
export class TrustPublisher {
  readonly #random: Random;
  readonly #folder: string;
  readonly #log: string[] = [];
  #roles: Roles;
  #rootVersion = 1;
  #files: PublishedFiles = new Map();

  constructor(random: Random, folder: string) {
    this.#random = random;
    this.#folder = folder;
    this.#roles = { root: this.#newKeys('root 1'), list: this.#newKeys('list 1') };
  }

  get folder(): string {
    return this.#folder;
  }

  get version(): number {
    return this.#log.length;
  }

  /** Writes the first root: what an operator takes home as the anchor. */
  async publishRoot(): Promise<void> {
    await this.#writeRoot(this.#roles, [...this.#roles.root]);
  }

  /** Replaces the keys that sign lists, as after a break-in; the old and the new root keys sign the new root. */
  async rotateKeys(): Promise<void> {
    this.#rootVersion += 1;
    const old = this.#roles;
    this.#roles = {
      root: this.#newKeys(`root ${this.#rootVersion}`),
      list: this.#newKeys(`list ${this.#rootVersion}`),
    };
    await this.#writeRoot(this.#roles, [...old.root, ...this.#roles.root]);
  }

  /** Publishes the next version; `signers` of the three list keys sign it. */
  async publishList(
    files: PublishedFiles,
    issuedAtMs: number,
    { expiresAtMs = NEVER_MS, signers = THRESHOLD, version = this.version + 1 } = {},
  ): Promise<void> {
    const increment = this.version === 0 ? null : incrementText(this.#files, files);
    const head = {
      version,
      issuedAtMs,
      expiresAtMs,
      log: { size: this.#log.length, root: treeRoot(this.#log) },
      files: Object.fromEntries([...files].map(([name, text]) => [name, signedFile(text)])),
      increment: increment === null ? null : signedFile(increment),
    };
    const payload = Buffer.from(JSON.stringify(head));
    await mkdir(join(this.#folder, 'increments'), { recursive: true });
    for (const [name, text] of files) await writeFile(join(this.#folder, name), text);
    if (increment !== null) await writeFile(join(this.#folder, 'increments', `${version}.ndjson`), increment);
    await writeFile(join(this.#folder, 'log.txt'), this.#log.map((digest) => `${digest}\n`).join(''));
    await writeFile(
      join(this.#folder, 'trust-list.json'),
      envelope(LIST_TYPE, payload, this.#roles.list.slice(0, signers)),
    );
    this.#log.push(createHash('sha256').update(payload).digest('hex'));
    this.#files = files;
  }

  async #writeRoot(roles: Roles, signers: readonly KeyPair[]): Promise<void> {
    const keys = Object.fromEntries(
      [...roles.root, ...roles.list].map((pair) => [
        keyName(pair),
        { suite: 'ecdsa-p256-sha256', spki: pair.spki.toString('base64') },
      ]),
    );
    const role = (pairs: readonly KeyPair[]) => ({ keyIds: pairs.map(keyName), threshold: THRESHOLD });
    const root = {
      version: this.#rootVersion,
      expiresAtMs: NEVER_MS,
      keys,
      roles: { root: role(roles.root), list: role(roles.list) },
    };
    const text = envelope(ROOT_TYPE, Buffer.from(JSON.stringify(root)), signers);
    await mkdir(join(this.#folder, 'roots'), { recursive: true });
    await writeFile(join(this.#folder, 'roots', `${this.#rootVersion}.json`), text);
    if (this.#rootVersion === 1) await writeFile(join(this.#folder, 'root.json'), text);
  }

  #newKeys(label: string): KeyPair[] {
    return Array.from({ length: SIGNERS }, (_, index) => keyPairFrom(this.#random.bytes(`${label} ${index}`)));
  }
}

function keyName(pair: KeyPair): string {
  return createHash('sha256').update(pair.spki).digest('hex').slice(0, 16);
}

function signedFile(text: string): { sha256: string; bytes: number } {
  return { sha256: createHash('sha256').update(text).digest('hex'), bytes: Buffer.byteLength(text) };
}

/** A DSSE envelope (Dead Simple Signing Envelope, version 1). */
function envelope(payloadType: string, payload: Buffer, signers: readonly KeyPair[]): string {
  const message = Buffer.concat([
    Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `),
    payload,
  ]);
  const signatures = signers.map((pair) => ({
    keyid: keyName(pair),
    sig: pair.privateKey.sign(message).toString('base64'),
  }));
  return `${JSON.stringify({ payloadType, payload: payload.toString('base64'), signatures })}\n`;
}

/**
 * Root of the Merkle tree of RFC 6962 over digests in hex, built from the bottom: equal neighbors are merged as soon as
 * there are two of a size, as in binary counting.
 */
function treeRoot(digests: readonly string[]): string {
  const stack: { size: number; hash: Buffer }[] = [];
  const merge = (left: Buffer, right: Buffer) =>
    createHash('sha256').update('\x01').update(left).update(right).digest();
  for (const digest of digests) {
    let node = { size: 1, hash: createHash('sha256').update('\x00').update(Buffer.from(digest, 'hex')).digest() };
    for (let last = stack.at(-1); last?.size === node.size; last = stack.at(-1)) {
      node = { size: node.size * 2, hash: merge(last.hash, node.hash) };
      stack.pop();
    }
    stack.push(node);
  }
  const last = stack.pop();
  if (last === undefined) return createHash('sha256').digest('hex');
  return stack.reduceRight((right, left) => merge(left.hash, right), last.hash).toString('hex');
}

/** What changed in each file, as one patch between the first and the last line that differ. */
function incrementText(before: PublishedFiles, after: PublishedFiles): string {
  const patches: string[] = [];
  for (const [name, text] of after) {
    const [old, now] = [linesOf(before.get(name) ?? ''), linesOf(text)];
    let head = 0;
    while (head < Math.min(old.length, now.length) && old[head] === now[head]) head += 1;
    let tail = 0;
    while (tail < Math.min(old.length, now.length) - head && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1;
    const patch = {
      file: name,
      at: head,
      remove: old.length - head - tail,
      insert: now.slice(head, now.length - tail),
    };
    if (patch.remove > 0 || patch.insert.length > 0) patches.push(JSON.stringify(patch));
  }
  return patches.map((patch) => `${patch}\n`).join('');
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
