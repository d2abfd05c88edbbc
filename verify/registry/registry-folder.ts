import { join } from 'node:path';
import { type Static, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import {
  FILE_FAULTS,
  type FundsRecord,
  type GrantRecord,
  type LicenseRecord,
  type PlantRecord,
  type PsdRecord,
  type RateRecord,
  type RefundRecord,
  type WithdrawalRecord,
} from '../../indicium/index.ts';
import { grantedLicenses } from '../authorization.ts';
import { KeyTableBuilder } from '../key-table.ts';
import { REGISTRY_ERRORS_SHOWN_MAX, TRUST_HEAD_BYTES_MAX, TRUST_LOG_BYTES_MAX } from '../limits.ts';
import { readPlainFile } from '../plain-file.ts';
import { zonesOfPlants } from '../plant-zones.ts';
import type { Registry } from '../registry.ts';
import { RegistryError } from '../registry-error.ts';
import { isRefusal, TRUST_FAILURES, type TrustRefusal } from '../trust/failures.ts';
import { acceptHead, type TrustHead, type TrustState } from '../trust/list.ts';
import { openRoot, type TrustRoot } from '../trust/root.ts';
import { readRecordFile } from './record-file.ts';
import {
  FundsShape,
  GrantShape,
  KeyShape,
  LicenseShape,
  PlantShape,
  PsdShape,
  RateShape,
  RefundShape,
  WithdrawalShape,
} from './record-shapes.ts';

/** Names of the files of a registry folder (docs/REGISTRY.md). */
export const ROOT_FILE = 'root.json';
export const LIST_FILE = 'trust-list.json';
export const LOG_FILE = 'log.txt';
export const STATE_FILE = 'accepted.json';

/** The signed parts of a registry folder, checked; its records not yet read. */
export interface TrustedFolder {
  readonly folder: string;
  readonly root: TrustRoot;
  readonly head: TrustHead;
  readonly log: readonly string[];
  readonly state: TrustState | null;
}

/**
 * Reads a registry folder: its root, which is the anchor of trust, the list that the root's keys signed, and the records
 * that the list fixes by digest. A list older than the one accepted last is refused.
 *
 * @throws RegistryError when anything is missing, altered, expired, malformed or not signed.
 */
export async function loadRegistry(folder: string, nowMs: number): Promise<Registry> {
  return loadRecords(await openTrustedFolder(folder, nowMs));
}

export async function openTrustedFolder(folder: string, nowMs: number): Promise<TrustedFolder> {
  const root = await readRoot(folder);
  const log = logLines(await readSmall(folder, LOG_FILE, TRUST_LOG_BYTES_MAX));
  const state = await readState(folder);
  const head = acceptHead(await readSmall(folder, LIST_FILE), root, log, state, nowMs);
  if (isRefusal(head)) throw refused(join(folder, LIST_FILE), head);
  return { folder, root, head, log, state };
}

/** The anchor: the root that came with the setup of this registry, or that a pull has moved on to. */
export async function readRoot(folder: string): Promise<TrustRoot> {
  const root = openRoot(await readSmall(folder, ROOT_FILE));
  if (isRefusal(root)) throw refused(join(folder, ROOT_FILE), root);
  return root;
}

export async function loadRecords({ folder, head }: Pick<TrustedFolder, 'folder' | 'head'>): Promise<Registry> {
  const signed = (name: string) => {
    const file = head.files[name];
    if (file === undefined) throw new RegistryError(`${join(folder, LIST_FILE)}: does not list ${name}`);
    return { path: join(folder, name), file };
  };
  const licenses: LicenseRecord[] = [];
  const grants: GrantRecord[] = [];
  const psds: PsdRecord[] = [];
  const funds: FundsRecord[] = [];
  const from = (name: string) => [signed(name).path, signed(name).file] as const;
  await readRecordFile(...from('licenses.ndjson'), LicenseShape, (record) => licenses.push(record));
  await readRecordFile(...from('grants.ndjson'), GrantShape, (record) => grants.push(record));
  await readRecordFile(...from('psds.ndjson'), PsdShape, (record) => psds.push(record));
  await readRecordFile(...from('funds.ndjson'), FundsShape, (record) => funds.push(record));
  refuseDuplicates(licenses, join(folder, 'licenses.ndjson'));
  refuseStrangers(licenses, grants, join(folder, 'grants.ndjson'));

  const byLicense = grantedLicenses(licenses, grants);
  const builder = new KeyTableBuilder();
  await readRecordFile(...from('keys.ndjson'), KeyShape, (line) => {
    builder.add({ ...line, spki: Buffer.from(line.spki, 'base64') }, byLicense.get(line.license));
  });
  if (builder.refused.length > 0) {
    const shown = builder.refused.slice(0, REGISTRY_ERRORS_SHOWN_MAX);
    const named = shown.map(({ keyId, refusal }) => `key id ${keyId}: ${REFUSALS[refusal]}`);
    throw new RegistryError(`${join(folder, 'keys.ndjson')}: ${named.join('; ')}`);
  }
  const { version, digest, issuedAtMs, expiresAtMs } = head;
  const records = { licenses, grants, psds, funds, ...(await loadOptionalRecords(folder, head)) };
  const zones = zonesOfPlants(records.plants, join(folder, 'plants.ndjson'));
  return { version, digest, issuedAtMs, expiresAtMs, keys: builder.finish(), zones, ...records };
}

/** Files that a post may leave out; a listed one must be there, like the rest. */
async function loadOptionalRecords(
  folder: string,
  head: TrustHead,
): Promise<Pick<Registry, 'refunds' | 'rates' | 'plants' | 'withdrawals'>> {
  const refunds: RefundRecord[] = [];
  const rates: RateRecord[] = [];
  const plants: PlantRecord[] = [];
  const withdrawals: WithdrawalRecord[] = [];
  const read = async <Schema extends TSchema>(
    name: string,
    schema: Schema,
    onRecord: (record: Static<Schema>) => void,
  ) => {
    const file = head.files[name];
    if (file !== undefined) await readRecordFile(join(folder, name), file, schema, onRecord);
  };
  await read('refunds.ndjson', RefundShape, (record) => {
    refunds.push({ ...record, pieceCount: BigInt(record.pieceCount) });
  });
  await read('rates.ndjson', RateShape, (record) => rates.push(record));
  await read('plants.ndjson', PlantShape, (record) => plants.push(record));
  await read('withdrawals.ndjson', WithdrawalShape, (record) => {
    withdrawals.push({ ...record, pieceCount: BigInt(record.pieceCount) });
  });
  return { refunds, rates, plants, withdrawals };
}

const REFUSALS = {
  'not-canonical': 'not a canonical public key of its suite',
  'duplicate-id': 'is in it twice',
} as const;

const StateShape = Compile(
  Type.Object({
    version: Type.Integer({ minimum: 1 }),
    digest: Type.String(),
    logSize: Type.Integer({ minimum: 0 }),
    logRoot: Type.String(),
  }),
);

export async function readState(folder: string): Promise<TrustState | null> {
  const path = join(folder, STATE_FILE);
  const bytes = await readPlainFile(path, TRUST_HEAD_BYTES_MAX);
  if (bytes === 'absent') return null;
  if (typeof bytes === 'string') throw new RegistryError(`${path}: ${FILE_FAULTS[bytes]}`);
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    value = undefined;
  }
  if (!StateShape.Check(value)) throw new RegistryError(`${path}: not what was written when a list was accepted`);
  return value;
}

/** A log of nothing but newlines has 67 million of them. */
const LOG_LINES_MAX = Math.ceil(TRUST_LOG_BYTES_MAX / 65);

export function logLines(text: string): string[] {
  return text.split('\n', LOG_LINES_MAX).filter((line) => line !== '');
}

async function readSmall(folder: string, name: string, bytesMax: number = TRUST_HEAD_BYTES_MAX): Promise<string> {
  const path = join(folder, name);
  const bytes = await readPlainFile(path, bytesMax);
  if (bytes === 'absent') throw new RegistryError(`no registry at ${folder}: there is no ${name} in it`);
  if (bytes === 'too-long') throw new RegistryError(`${path}: ${TRUST_FAILURES['trust-too-large']}`);
  if (typeof bytes === 'string') throw new RegistryError(`${path}: ${FILE_FAULTS[bytes]}`);
  return bytes.toString('utf8');
}

export function refused(path: string, { failure, detail }: TrustRefusal): RegistryError {
  return new RegistryError(`${path}: ${failure}: ${TRUST_FAILURES[failure]} (${detail})`);
}

function refuseStrangers(licenses: readonly LicenseRecord[], grants: readonly GrantRecord[], path: string): void {
  const known = new Set(licenses.map(({ license }) => license));
  const stranger = grants.find(({ license }) => !known.has(license));
  if (stranger !== undefined) throw new RegistryError(`${path}: license ${stranger.license} is granted but not listed`);
}

function refuseDuplicates(licenses: readonly LicenseRecord[], path: string): void {
  const seen = new Set<number>();
  for (const { license } of licenses) {
    if (seen.has(license)) throw new RegistryError(`${path}: license ${license} is in it twice`);
    seen.add(license);
  }
}
