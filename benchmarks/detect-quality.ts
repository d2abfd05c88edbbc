import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { detect, Store } from '../analytics/index.ts';
import { RecorderThread } from '../analytics/recorder/index.ts';
import { runPipeline } from '../app/pipeline.ts';
import { createReaderPool } from '../app/reader-pool.ts';
import { openSource } from '../ingest/index.ts';
import {
  type FraudLine,
  type FraudName,
  type OddityName,
  PROVED_BY,
  simulate,
  type TruthLine,
} from '../psd-sim/index.ts';
import { loadRegistry } from '../verify/registry/index.ts';
import { type Answered, answeredBeforeGate, innocentSuspects } from './detect-roles.ts';
import { NAMED_SQL, namedScans, scansOfForkedSets, seenScans } from './detect-seen.ts';
import { isProvable, type OddPlants } from './provable.ts';

/** How much of a day's mail no camera saw, and how many scans have no mailpiece id. */
export interface Sight {
  readonly unseenShare: number;
  readonly namelessShare: number;
}

/** Counts of one fraud over all seeds: committed, provable with what was seen, found; and what its kind of finding named. */
export interface Tally {
  committed: number;
  provable: number;
  found: number;
  /** Scans that findings of its kind name, and those of them that no fraud touched. */
  named: number;
  innocent: number;
}

export interface Delay {
  readonly fraud: FraudName;
  readonly scans: number;
  readonly minutes: number;
}

export interface Quality {
  readonly sight: Sight;
  readonly tallies: ReadonlyMap<FraudName, Tally>;
  /** Licenses and PSDs that findings suspect and that are suspect in no fraud. */
  innocents: number;
}

/** What is mixed into a day. */
export interface Mix {
  readonly frauds: readonly FraudName[];
  readonly oddities: readonly OddityName[];
}

const DAY_MS = Date.UTC(2026, 10, 20);
const RECEIVED_AT_MS = Date.UTC(2026, 10, 29);
/** As a plant would: the detectors look at what came in every some minutes. */
const SCANS_BETWEEN_LOOKS = 2_000;

export interface Size {
  readonly pieces: number;
  readonly psds: number;
  readonly licenses: number;
}

/** One simulated day through the real pipeline, looked at with each sight; delays are those of a day seen whole. */
export async function measureDay(
  seed: number,
  size: Size,
  mix: Mix,
  qualities: readonly Quality[],
  isDelayMeasured: boolean,
): Promise<{ delays: readonly Delay[]; answered: Readonly<Record<string, Answered>>; scans: number; honest: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'indicia-detect-'));
  try {
    const { truth } = await simulate({ seed, ...size, ...mix, images: 'none', dayMs: DAY_MS }, folder);
    const base = join(folder, 'base.duckdb');
    const scans = await record(folder, base);
    const frauds = truth.filter((line): line is FraudLine => 'fraud' in line);
    const plants = oddPlants(truth);
    for (const quality of qualities) await measure(base, frauds, plants, quality);
    const answered = await answeredBeforeGate(base, frauds);
    const delays = isDelayMeasured ? await delaysOf(base, frauds) : [];
    return { delays, answered, scans, honest: truth.length - frauds.length };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function oddPlants(truth: readonly TruthLine[]): OddPlants {
  const plant = (oddity: OddityName) => {
    const line = truth.find((of) => 'honest' in of && of.honest === oddity);
    return line !== undefined && 'plant' in line ? (line.plant ?? null) : null;
  };
  return { slowClock: plant('slow-plant-clock'), otherScale: plant('other-scale') };
}

async function record(folder: string, db: string): Promise<number> {
  const registry = await loadRegistry(join(folder, 'registry'), DAY_MS + 86_400_000);
  const recorder = await RecorderThread.open(db, {
    onPaused: (reason) => {
      throw new Error(reason);
    },
    onResumed: () => {},
  });
  // By the clock of the post, once the last of the day's mail is in.
  const readers = createReaderPool(() => registry, availableParallelism(), { receivedAtMs: () => RECEIVED_AT_MS });
  await recorder.setRegistry(registry);
  const source = await openSource(folder, process.stdin);
  const summary = await runPipeline({ source, readers, recorder });
  await readers.close();
  await recorder.close();
  return summary.scans;
}

/** Takes away what this sight does not see, and looks at the rest. What is taken away follows from the ids alone. */
async function measure(base: string, frauds: readonly FraudLine[], plants: OddPlants, quality: Quality): Promise<void> {
  const { sight, tallies } = quality;
  const db = `${base}.sight`;
  await copyFile(base, db);
  await copyFile(`${base}.anchor`, `${db}.anchor`);
  const store = await Store.open(db);
  const { connection } = store;
  const share = (of: string, salt: string) => `hash(${of}, '${salt}') % 1000000 / 1000000`;
  await connection.run(`delete from evidence where ${share('mailpiece_id', 'unseen')} < ${sight.unseenShare}`);
  await connection.run(
    `update evidence set mailpiece_id = null where ${share('scan_id', 'nameless')} < ${sight.namelessShare}`,
  );
  await detect(store);
  const seen = await seenScans(store, frauds);
  const named = await namedScans(store);
  quality.innocents += (await innocentSuspects(store, frauds)).length;
  // Where one side of a fork is not seen, either side may be what the other's registers contradict.
  const forked = await scansOfForkedSets(store, frauds);
  store.close();
  await rm(db);
  const guilty = new Set(frauds.flatMap(({ scanIds }) => scanIds));
  for (const [fraud, tally] of tallies) {
    const its = named.get(PROVED_BY[fraud]) ?? new Set();
    tally.named += its.size;
    const isInnocent = (scanId: string) =>
      !guilty.has(scanId) && !(fraud === 'standing-register' && forked.has(scanId));
    tally.innocent += [...its].filter(isInnocent).length;
  }
  for (const line of frauds) {
    const tally = tallies.get(line.fraud);
    if (tally === undefined) continue;
    const left = line.scanIds.flatMap((scanId) => seen.get(scanId) ?? []);
    const its = named.get(PROVED_BY[line.fraud]);
    tally.committed += 1;
    if (!isProvable(line.fraud, left, plants)) continue;
    tally.provable += 1;
    if (left.some(({ scanId }) => its?.has(scanId) ?? false)) tally.found += 1;
  }
}

/** From the first scan of a fraud until a finding of its kind names one, where the detectors look every some scans. */
async function delaysOf(base: string, frauds: readonly FraudLine[]): Promise<Delay[]> {
  const store = await Store.open(`${base}.slow`);
  const { connection } = store;
  await connection.run(`attach '${base}' as whole (read_only)`);
  const tables = await connection.runAndReadAll(
    "select table_name from duckdb_tables() where database_name = 'whole' and table_name like 'registry_%'",
  );
  for (const [table] of tables.getRows()) await connection.run(`insert into ${table} from whole.${table}`);
  const last = Number((await connection.runAndReadAll('select max(row_id) from whole.evidence')).getRows()[0]?.[0]);
  const foundAt = new Map<string, { row: number; atMs: number }>();
  for (let from = 0; from < last; from += SCANS_BETWEEN_LOOKS) {
    const to = Math.min(last, from + SCANS_BETWEEN_LOOKS);
    await connection.run(`insert into evidence from whole.evidence where row_id > ${from} and row_id <= ${to}`);
    await detect(store);
    const result = await connection.runAndReadAll(
      `select kind, scan_id, (select max(scanned_at_ms) from evidence where row_id = ${to}) from (${NAMED_SQL})`,
    );
    for (const [kind, scanId, atMs] of result.getRows()) {
      const key = `${kind} ${scanId}`;
      if (!foundAt.has(key)) foundAt.set(key, { row: to, atMs: Number(atMs) });
    }
  }
  const seen = await seenScans(store, frauds);
  store.close();
  return frauds.flatMap(({ fraud, scanIds }): Delay[] => {
    const scans = scanIds.flatMap((scanId) => seen.get(scanId) ?? []).toSorted((a, b) => a.row - b.row);
    const [first] = scans;
    const found = scans
      .flatMap(({ scanId }) => foundAt.get(`${PROVED_BY[fraud]} ${scanId}`) ?? [])
      .toSorted((a, b) => a.row - b.row)[0];
    if (first === undefined || found === undefined) return [];
    return [{ fraud, scans: found.row - first.row, minutes: Math.max(0, (found.atMs - first.scannedAtMs) / 60_000) }];
  });
}
