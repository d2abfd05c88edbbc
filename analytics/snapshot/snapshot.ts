import { renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Policy } from '../judge/default-policy.ts';
import type { Judge } from '../judge/judge.ts';
import type { KnownScans } from '../recorder/known-scans.ts';
import type { LedgerEvent } from '../store/audit/ledger.ts';
import { flush } from '../store/staging.ts';
import type { Store } from '../store/store.ts';
import { storeFile } from '../store/store-file.ts';
import { asText } from '../store/values.ts';
import { BlockWriter, readBlocks, type SnapshotIdentity } from './blocks.ts';

/** Raised with every change of what the blocks hold, or of what a sighting means: older snapshots are then left alone. */
const FORMAT = 2;

const WRITTEN: LedgerEvent = 'snapshot-written';

/** What may happen to a store without changing what was seen; after anything else a snapshot says nothing any more. */
const BESIDE_THE_EVIDENCE: readonly LedgerEvent[] = [
  'views-renewed',
  'policy-used',
  'registry-taken',
  'detected',
  'findings-told',
  'case-closed',
];

/** What the ledger notes of a snapshot. */
interface SnapshotNote extends SnapshotIdentity {
  readonly format: number;
  /** Evidence that it covers, from the first row on. */
  readonly rows: bigint;
  /** Digest of the policy by which paths were judged. */
  readonly policy: string;
}

/** What a recorder remembers of all evidence. */
export interface Remembered {
  readonly judge: Judge;
  readonly known: KnownScans;
}

function snapshotPath(store: string): string {
  return `${storeFile(store)}.snapshot`;
}

/**
 * Writes what is remembered beside the store, and its digest into the store's ledger, so that a file that was changed, or is
 * another store's, is not believed. To be called when nothing was judged that is not recorded.
 *
 * @throws NodeJS.ErrnoException where the file cannot be written; what the store fails with.
 */
export async function writeSnapshot(store: Store, path: string, policy: Policy, remembered: Remembered): Promise<void> {
  const file = snapshotPath(path);
  const part = `${file}.part`;
  const { rows } = store;
  rmSync(part, { force: true });
  try {
    const identity = writeBlocks(part, remembered);
    renameSync(part, file);
    flush(dirname(file));
    await store.transaction(async () => {
      const detail = { format: FORMAT, rows: `${rows}`, policy: policy.digest, ...identity };
      return { event: WRITTEN, detail, seals: new Map() };
    });
  } finally {
    rmSync(part, { force: true });
  }
}

/**
 * Fills a judge and a filter that know nothing from the snapshot of the store. Gives the rows of evidence that it covers: 0
 * where there is no snapshot that can be believed, and both still know nothing.
 */
export async function loadSnapshot(store: Store, path: string, policy: Policy, into: Remembered): Promise<bigint> {
  const note = await newestNote(store);
  if (note === null || note.format !== FORMAT || note.policy !== policy.digest || note.rows > store.rows) return 0n;
  const blocks = readBlocks(snapshotPath(path), note);
  if (blocks === null) return 0n;
  into.judge.load(blocks);
  into.known.load(blocks);
  return note.rows;
}

function writeBlocks(path: string, { judge, known }: Remembered): SnapshotIdentity {
  const to = new BlockWriter(path);
  try {
    judge.save(to);
    known.save(to);
    return to.finish();
  } finally {
    to.close();
  }
}

async function newestNote(store: Store): Promise<SnapshotNote | null> {
  const beside = BESIDE_THE_EVIDENCE.map((event) => `'${event}'`).join(', ');
  const result = await store.connection.runAndReadAll(
    `select event, detail from ledger where event not in (${beside}) order by sequence desc limit 1`,
  );
  const [entry] = result.getRows();
  return entry === undefined || asText(entry[0]) !== WRITTEN ? null : noteIn(JSON.parse(asText(entry[1])));
}

function noteIn(detail: unknown): SnapshotNote {
  const isNote =
    typeof detail === 'object' &&
    detail !== null &&
    'format' in detail &&
    'rows' in detail &&
    'policy' in detail &&
    'bytes' in detail &&
    'sha256' in detail;
  if (!isNote) throw new TypeError(`an entry of the ledger that notes no snapshot: ${JSON.stringify(detail)}`);
  const { format, rows, policy, bytes, sha256 } = detail;
  return {
    format: Number(format),
    rows: BigInt(String(rows)),
    policy: String(policy),
    bytes: Number(bytes),
    sha256: String(sha256),
  };
}
