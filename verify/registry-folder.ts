import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { importPublicKey } from './key-gate.ts';
import { REGISTRY_ERRORS_SHOWN_MAX, REGISTRY_FILE_BYTES_MAX } from './limits.ts';
import type { Registry } from './registry.ts';

/** The registry folder cannot be used; the message names each file and line at fault. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
}

const PSD_PATTERN = '^[0-9A-Z]{2}-[0-9A-Z]{2}-[0-9]{1,10}$';
const Psd = Type.String({ pattern: PSD_PATTERN });
const U48 = Type.Integer({ minimum: 1, maximum: 2 ** 48 - 1 });
const Text = Type.String({ minLength: 1, maxLength: 200 });
const TimeMs = Type.Integer({ minimum: 0, maximum: 8.64e15 });

const Header = Type.Object({
  version: Type.Integer({ minimum: 1 }),
  issuedAtMs: TimeMs,
  files: Type.Record(Text, Type.String({ pattern: '^[0-9a-f]{64}$' })),
});
const Key = Type.Object({
  keyId: U48,
  psd: Psd,
  license: U48,
  suite: Type.Union([
    Type.Literal('ecdsa-p256-sha256'),
    Type.Literal('ed25519'),
    Type.Literal('ecdsa-p224-sha256'),
    Type.Literal('rsa2048-sha256'),
  ]),
  spki: Type.String({ pattern: '^[A-Za-z0-9+/]+={0,2}$', maxLength: 600 }),
});
const License = Type.Object({
  license: U48,
  holder: Text,
  town: Text,
  depositPostcode: Type.String({ pattern: '^[0-9A-Z]{1,9}$' }),
  psdLimit: Type.Integer({ minimum: 1 }),
});
const Grant = Type.Object({
  license: U48,
  psd: Psd,
  grantedAtMs: TimeMs,
  endedAtMs: Type.Union([TimeMs, Type.Null()]),
});
const PsdEntry = Type.Object({ psd: Psd, user: Text });
const Funds = Type.Object({
  license: U48,
  psd: Psd,
  refill: U48,
  amountMills: Type.Integer({ minimum: 1, maximum: 2 ** 48 - 1 }),
  paidAtMs: TimeMs,
});

/**
 * Reads a registry folder (docs/REGISTRY.md): `trust-list.json`, which names a SHA-256 for each of the NDJSON files
 * beside it, so that a half-copied registry is refused instead of half-believed.
 *
 * @throws RegistryError when a file is missing, altered or malformed.
 */
export async function loadRegistry(folder: string): Promise<Registry> {
  const headerPath = join(folder, 'trust-list.json');
  if (!existsSync(headerPath)) {
    throw new RegistryError(`no registry at ${folder}: there is no trust-list.json in it`);
  }
  const [header] = parseRecords(Header, headerPath, [await readBounded(headerPath)]);
  if (header === undefined) throw new RegistryError(`${headerPath}: empty`);

  const read = async <Schema extends TSchema>(schema: Schema, name: string): Promise<Static<Schema>[]> => {
    const path = join(folder, name);
    const expected = header.files[name];
    if (expected === undefined) throw new RegistryError(`${headerPath}: does not list ${name}`);
    const text = await readBounded(path);
    const digest = createHash('sha256').update(text).digest('hex');
    if (digest !== expected) throw new RegistryError(`${path}: differs from the digest in trust-list.json`);
    return parseRecords(schema, path, text.split('\n'));
  };
  const [keys, licenses, grants, psds, funds] = await Promise.all([
    read(Key, 'keys.ndjson'),
    read(License, 'licenses.ndjson'),
    read(Grant, 'grants.ndjson'),
    read(PsdEntry, 'psds.ndjson'),
    read(Funds, 'funds.ndjson'),
  ]);
  refuseDuplicates(
    keys.map((key) => key.keyId),
    join(folder, 'keys.ndjson'),
    'key id',
  );
  refuseDuplicates(
    licenses.map((license) => license.license),
    join(folder, 'licenses.ndjson'),
    'license',
  );
  const registryKeys = keys.map((key) => ({ ...key, spki: Buffer.from(key.spki, 'base64') }));
  const refused = registryKeys.filter((key) => importPublicKey(key.suite, key.spki) === null);
  if (refused.length > 0) {
    const ids = refused.slice(0, REGISTRY_ERRORS_SHOWN_MAX).map((key) => key.keyId);
    throw new RegistryError(
      `${join(folder, 'keys.ndjson')}: not a canonical public key of its suite: key ids ${ids.join(', ')}`,
    );
  }
  const { version, issuedAtMs } = header;
  return { version, issuedAtMs, keys: registryKeys, licenses, grants, psds, funds };
}

async function readBounded(path: string): Promise<string> {
  if (!existsSync(path)) throw new RegistryError(`${path}: missing`);
  const { size } = await stat(path);
  if (size > REGISTRY_FILE_BYTES_MAX) {
    throw new RegistryError(`${path}: ${size} bytes, more than the limit of ${REGISTRY_FILE_BYTES_MAX}`);
  }
  return readFile(path, 'utf8');
}

function parseRecords<Schema extends TSchema>(schema: Schema, path: string, lines: string[]): Static<Schema>[] {
  const validator = Compile(schema);
  const records: Static<Schema>[] = [];
  const errors: string[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const value = parseJson(line);
    if (validator.Check(value)) records.push(value);
    else if (errors.length < REGISTRY_ERRORS_SHOWN_MAX) {
      const [first] = validator.Errors(value);
      const fault =
        value === undefined ? 'not JSON' : `${first?.instancePath ?? ''} ${first?.message ?? 'not a record'}`;
      errors.push(`${path}:${index + 1}: ${fault.trim()}`);
    }
  }
  if (errors.length > 0) throw new RegistryError(errors.join('\n'));
  return records;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refuseDuplicates(values: readonly number[], path: string, what: string): void {
  const seen = new Set<number>();
  for (const value of values) {
    if (seen.has(value)) throw new RegistryError(`${path}: ${what} ${value} stands in it twice`);
    seen.add(value);
  }
}
