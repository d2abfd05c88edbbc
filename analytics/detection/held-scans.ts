import { type Connection, tableOf } from './connection.ts';
import type { Detector } from './detector-file.ts';
import { isDoubtedSql } from './plant-doubts.ts';

/**
 * Holds back scans that a detector named because of a clock or scale in doubt, or whose mark was copied (`cleared`), and names them
 * again once neither is so. `dropped` then holds what moved. Pieces that are not looked at now stay as they are.
 */
export async function holdBack(connection: Connection, { name, restsOn, exonerated }: Detector): Promise<void> {
  if (restsOn === null && exonerated === null) return;
  const isCleared = exonerated === null ? 'false' : `row_id in (select row_id from (${exonerated}\n))`;
  const isDoubted =
    restsOn === null
      ? 'false'
      : `(${restsOn.condition}) and plant is not null and scanned_at is not null and ${isDoubtedSql(restsOn.kind)}`;
  if (exonerated !== null) {
    await connection.run(`update held_scan set cleared = ${isCleared}
      where kind = '${name}' and row_id in (select row_id from repeats)`);
  }
  await move(connection, name, {
    from: 'held_scan',
    to: 'named_scan',
    columns: '* exclude (cleared)',
    which: `not cleared and not (${isDoubted})`,
  });
  await move(connection, name, {
    from: 'named_scan',
    to: 'held_scan',
    columns: `*, ${isCleared} as cleared`,
    which: `${isCleared} or (${isDoubted})`,
  });
}

interface Move {
  readonly from: string;
  readonly to: string;
  /** As `to` has them. */
  readonly columns: string;
  readonly which: string;
}

async function move(connection: Connection, kind: string, { from, to, columns, which }: Move): Promise<void> {
  const moving = await tableOf(
    connection,
    'moving',
    `select ${columns} from ${from} where kind = '${kind}' and (${which})`,
  );
  if (moving === 0n) return;
  await connection.run(
    `delete from ${from} using moving where ${from}.kind = '${kind}' and ${from}.row_id = moving.row_id`,
  );
  await connection.run(`insert into ${to} from moving`);
  await connection.run('insert into dropped select row_id, license, psd, key from moving');
}
