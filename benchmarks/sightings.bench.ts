import { DuckDBInstance } from '@duckdb/node-api';
import roaring from 'roaring-wasm';
import { DEFAULT_POLICY } from '../analytics/judge/default-policy.ts';
import { PathRules } from '../analytics/sightings/path-rules.ts';
import type { Sighting } from '../analytics/sightings/sighting.ts';
import { Sightings } from '../analytics/sightings/sightings.ts';
import { askOwnProcess } from './own-process.ts';
import { count, machine, markdownTable } from './table.ts';

/**
 * Pieces a second noted by the sightings index, and bytes a piece, as the index grows; each measurement in a process of
 * its own. Half of the work is inserting, half is looking the same pieces up again as re-scans. Peers hold less: a set of
 * keys, without first sighting, mailpiece or contents. INDICIA_SIGHTINGS sets how large an index becomes (10,000,000; the largest
 * there is to measure is 100,000,000).
 */

const SETS = 20_000;
const RULES = new PathRules(DEFAULT_POLICY, () => undefined);
const HALF_HOUR = 1_000_000;
/** Counters of the sparse order are that far apart: every piece has a page of its own. */
const SPARSE_STEP = 1_000n;
/** For counting what the garbage collector leaves, and for hundreds of millions of keys. */
const HEAP = ['--expose-gc', '--max-old-space-size=12000'];
const LOOKUPS_MAX = 2_000_000;

interface Task {
  readonly store: 'sightings' | 'bits' | 'map' | 'roaring' | 'duckdb';
  readonly order: 'in order' | 'interleaved' | 'sparse';
  readonly pieces: number;
}

interface Result {
  readonly insertsASecond: number;
  readonly lookupsASecond: number;
  readonly bytesAPiece: number;
}

const PIECES_MAX = Number(process.env.INDICIA_SIGHTINGS ?? 1e7);
const ALL: readonly Task[] = [
  ...[1e6, 1e7, 1e8].flatMap((pieces): Task[] => [
    { store: 'sightings', order: 'in order', pieces },
    { store: 'sightings', order: 'interleaved', pieces },
  ]),
  { store: 'sightings', order: 'sparse', pieces: 1e6 },
  { store: 'sightings', order: 'sparse', pieces: 1e7 },
  { store: 'bits', order: 'in order', pieces: 1e8 },
  { store: 'bits', order: 'interleaved', pieces: 1e8 },
  { store: 'map', order: 'interleaved', pieces: 1e6 },
  { store: 'map', order: 'interleaved', pieces: 1e7 },
  { store: 'roaring', order: 'interleaved', pieces: 1e6 },
  { store: 'roaring', order: 'interleaved', pieces: 1e7 },
  { store: 'duckdb', order: 'interleaved', pieces: 1e6 },
  { store: 'duckdb', order: 'interleaved', pieces: 1e7 },
];
const TASKS = ALL.filter(({ pieces }) => pieces <= PIECES_MAX);

const NAMES = {
  sightings: 'sightings, 32 million pieces in the window',
  bits: 'sightings, nearly all beyond the window',
  map: 'JS Map of keys',
  roaring: 'roaring-wasm, one bitmap a register set',
  duckdb: 'DuckDB anti-join, batches of 20,000',
} as const;

if (process.send === undefined) await main();
else process.once('message', async (task: Task) => process.send?.(await measure(task)));

async function main(): Promise<void> {
  process.stdout.write(`${machine()}; ${count(SETS)} register sets\n\n`);
  const rows: string[][] = [];
  for (const task of TASKS) {
    const { insertsASecond, lookupsASecond, bytesAPiece } = await askOwnProcess<Result>(import.meta.url, task, HEAP);
    rows.push([
      NAMES[task.store],
      task.order,
      count(task.pieces),
      count(insertsASecond),
      count(lookupsASecond),
      bytesAPiece.toFixed(2),
    ]);
  }
  const headings = ['index', 'order', 'pieces', 'noted, a second', 'looked up, a second', 'bytes a piece'];
  process.stdout.write(markdownTable(headings, rows));
}

async function measure(task: Task): Promise<Result> {
  if (task.store === 'duckdb') return measureDuckDb(task);
  const before = memory();
  const note = indexOf(task);
  const insertsASecond = run(task, task.pieces, note);
  const bytesAPiece = (memory() - before) / task.pieces;
  const lookupsASecond = run(task, Math.min(task.pieces, LOOKUPS_MAX), note);
  return { insertsASecond, lookupsASecond, bytesAPiece };
}

function memory(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss();
}

type Note = (registerSet: number, pieceCount: bigint, sighting: Sighting) => void;

function indexOf({ store }: Task): Note {
  if (store === 'map') {
    const seen = new Map<string, bigint>();
    return (set, pieceCount, { content }) => seen.set(`${set} ${pieceCount}`, content);
  }
  if (store === 'roaring') {
    const bitmaps = Array.from({ length: SETS }, () => new roaring.RoaringBitmap32());
    return (set, pieceCount) => bitmaps[set]?.tryAdd(Number(pieceCount));
  }
  const index = store === 'bits' ? new Sightings(RULES, { livePages: SETS, seenPages: 2 ** 24 }) : new Sightings(RULES);
  for (let set = 0; set < SETS; set++) index.addSet();
  return (set, pieceCount, sighting) => index.observe(set, pieceCount, sighting);
}

/** Pieces a second. The same pieces in the same order each time. */
function run({ order, pieces }: Task, calls: number, note: Note): number {
  const perSet = Math.ceil(pieces / SETS);
  const startedAtMs = performance.now();
  for (let piece = 0; piece < calls; piece++) {
    const sighting: Sighting = {
      content: BigInt(piece),
      mailpiece: BigInt(piece + 1),
      plant: 1,
      pass: 'origin',
      halfHour: HALF_HOUR,
      weightGrams: 20,
      area: 7_503,
    };
    if (order === 'in order') note(Math.floor(piece / perSet), BigInt(piece % perSet), sighting);
    else if (order === 'interleaved') note(piece % SETS, BigInt(Math.floor(piece / SETS)), sighting);
    else note(piece % SETS, BigInt(Math.floor(piece / SETS)) * SPARSE_STEP, sighting);
  }
  return (1000 * calls) / (performance.now() - startedAtMs);
}

async function measureDuckDb({ pieces }: Task): Promise<Result> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run('create table seen (register_set integer, piece_count bigint)');
  const before = memory();
  const batch = 20_000;
  const batches = (first: number, last: number) =>
    `select i % ${SETS} as s, i // ${SETS} as n from range(${first}, ${last}) t(i)`;
  await connection.run(`insert into seen ${batches(0, pieces - 10 * batch)}`);
  const startedAtMs = performance.now();
  for (let first = pieces - 10 * batch; first < pieces; first += batch) {
    await connection.run(
      `insert into seen select s, n from (${batches(first, first + batch)}) b
       anti join seen on seen.register_set = b.s and seen.piece_count = b.n`,
    );
  }
  const aSecond = (10 * batch * 1000) / (performance.now() - startedAtMs);
  return { insertsASecond: aSecond, lookupsASecond: aSecond, bytesAPiece: (memory() - before) / pieces };
}
