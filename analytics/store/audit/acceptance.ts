import type { DuckDBConnection } from '@duckdb/node-api';
import { noteIn, type StoreEnd } from '../commits.ts';
import { SCHEMA_VERSION } from '../schema/schema.ts';
import { writePositions } from '../source-positions.ts';
import { StoreError } from '../store-error.ts';
import type { Author } from './author.ts';
import type { IntegrityProblem, StateProblem } from './integrity.ts';
import { PositionDigest } from './position-digest.ts';
import { sealAll } from './sealing.ts';
import { DETECTION_SEALS, REGISTRY_SEALS, SEALED, sealsOf } from './seals.ts';

/** Of these the evidence itself is whole: somebody may take the store as it is. */
const ACCEPTABLE: ReadonlySet<string> = new Set<StateProblem>([
  'anchor-missing',
  'anchor-behind',
  'rows-missing',
  'history-differs',
  'position-moved',
  'table-changed',
]);

/** What opening the store mends by itself. */
const MENDED: ReadonlySet<string> = new Set(['view-changed', 'version-lowered']);

export function isAcceptable(problem: string): boolean {
  return ACCEPTABLE.has(problem) || MENDED.has(problem);
}

/** Sums that detectors made of the evidence, which they make again together with what they found. */
const REMADE: readonly string[] = [
  ...DETECTION_SEALS,
  ...SEALED.flatMap(({ name, isInternal }) => (isInternal && name !== 'seen_page' ? [name] : [])),
];

/**
 * Takes a store as it is for the whole, within a transaction that is open: its tables are sealed and its sources linked
 * as they are now, and the ledger notes who took what on trust. What can be had again is not taken on trust: detectors make
 * their findings anew, and the trust list is taken in once more.
 *
 * @throws StoreError where evidence, chain or ledger were changed.
 */
export async function acceptAsIs(
  path: string,
  connection: DuckDBConnection,
  before: StoreEnd,
  positions: ReadonlyMap<string, string>,
  problems: readonly IntegrityProblem[],
  doubts: readonly string[],
  author: Author,
): Promise<StoreEnd> {
  const grave = problems.find(({ problem }) => !isAcceptable(problem));
  if (grave !== undefined) throw new StoreError(`${path}: cannot be accepted: ${grave.detail}`, 'not-whole');
  await connection.run(`update store_version set version = ${SCHEMA_VERSION}`);
  const changed = problems.flatMap(({ table }) => table ?? []);
  if (changed.some((table) => REMADE.includes(table))) await connection.run('delete from detector_state');
  if (changed.some((table) => REGISTRY_SEALS.includes(table))) await connection.run('delete from registry_version');
  if (problems.some(({ problem }) => problem === 'position-moved')) await writePositions(connection, positions);
  const chain = await sealAll(connection, before, PositionDigest.of(positions).bytes());
  const detail = {
    problems: [...problems.map((problem) => problem.detail), ...doubts],
    commitNumber: `${before.commitNumber}`,
    rows: `${chain.rows}`,
    head: Buffer.from(before.chain.head).toString('hex'),
    entries: `${before.ledger.entries}`,
    ledgerHead: Buffer.from(before.ledger.head).toString('hex'),
    positions: Object.fromEntries(positions),
  };
  return noteIn(
    connection,
    { ...before, chain },
    { event: 'accepted', detail, seals: await sealsOf(connection) },
    author,
  );
}
