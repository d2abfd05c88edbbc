import { type Connection, tableOf } from './connection.ts';
import { type Detector, namesOf } from './detector-file.ts';
import { isDoubtedSql } from './plant-doubts.ts';

/** What of the doubts and of the scans held back is known before scans are named. */
export interface Doubts {
  /** Kinds of which scans were held back before. */
  readonly held: ReadonlySet<string>;
  /** Kinds of doubts that there are. */
  readonly doubted: ReadonlySet<string>;
}

/**
 * Holds back scans that detectors named because of a clock or scale in doubt, or whose mark was copied (`cleared`), and names them
 * again once neither is so. `changed_rows` then holds what moved, too. Pieces that are not looked at now stay as they are.
 */
export async function holdBack(
  connection: Connection,
  detectors: readonly Detector[],
  { held, doubted }: Doubts,
): Promise<void> {
  const holding = detectors.filter(({ restsOn, exonerated }) => restsOn !== null || exonerated !== null);
  if (holding.length === 0) return;
  const isCleared = await clearedSql(connection, holding);
  const isDoubted = anyOf(
    holding.map(({ name, restsOn }) => {
      if (restsOn === null || !doubted.has(restsOn.kind)) return NEVER;
      const { kind, condition } = restsOn;
      return `kind = '${name}' and (${condition}) and plant is not null and scanned_at is not null and ${isDoubtedSql(kind)}`;
    }),
  );
  if (holding.some(({ name }) => held.has(name))) {
    const exonerable = holding.filter(({ exonerated }) => exonerated !== null);
    if (exonerable.length > 0) {
      await connection.run(`update held_scan set cleared = ${isCleared}
        where kind in (${namesOf(exonerable)}) and row_id in (select row_id from repeats)`);
    }
    await move(connection, {
      from: 'held_scan',
      to: 'named_scan',
      columns: '* exclude (cleared)',
      which: `kind in (${namesOf(holding)}) and not cleared and not ${isDoubted}`,
    });
  }
  if (isCleared === NEVER && isDoubted === NEVER) return;
  await move(connection, {
    from: 'named_scan',
    to: 'held_scan',
    columns: `*, ${isCleared} as cleared`,
    which: `kind in (${namesOf(holding)}) and (${isCleared} or ${isDoubted})`,
  });
}

const NEVER = 'false';

function anyOf(conditions: readonly string[]): string {
  const possible = conditions.filter((condition) => condition !== NEVER);
  return possible.length === 0 ? NEVER : `(${possible.map((condition) => `(${condition})`).join(' or ')})`;
}

/** Whether later evidence clears a scan that is named. Detectors mostly share what clears, so that it is looked up once. */
async function clearedSql(connection: Connection, detectors: readonly Detector[]): Promise<string> {
  const byReason = Map.groupBy(detectors, ({ exonerated }) => exonerated);
  byReason.delete(null);
  if (byReason.size === 0) return NEVER;
  const selects = [...byReason.keys()].map((sql, place) => `select ${place} as reason, row_id from (${sql}\n)`);
  if ((await tableOf(connection, 'cleared_rows', selects.join(' union all '))) === 0n) return NEVER;
  return anyOf(
    [...byReason.values()].map((its, place) => {
      return `kind in (${namesOf(its)}) and row_id in (select row_id from cleared_rows where reason = ${place})`;
    }),
  );
}

interface Move {
  readonly from: string;
  readonly to: string;
  /** As `to` has them. */
  readonly columns: string;
  readonly which: string;
}

async function move(connection: Connection, { from, to, columns, which }: Move): Promise<void> {
  const moving = await tableOf(connection, 'moving', `select ${columns} from ${from} where ${which}`);
  if (moving === 0n) return;
  await connection.run(
    `delete from ${from} using moving where ${from}.kind = moving.kind and ${from}.row_id = moving.row_id`,
  );
  await connection.run(`insert into ${to} from moving`);
  await connection.run('insert into changed_rows select kind, row_id, license, psd, key from moving');
}
