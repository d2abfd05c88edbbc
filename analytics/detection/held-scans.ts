import type { Connection } from './connection.ts';
import type { Detector } from './detector-file.ts';
import { isDoubtedSql } from './plant-doubts.ts';

/**
 * Holds scans back that a detector named by the word of a plant whose clock or scale is in doubt, or of which a finding says that
 * their mark was copied; names again those of which neither holds any longer. `dropped` then holds what moved. Of pieces that are
 * not looked at now, what was cleared stays cleared.
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
  await connection.run(`create or replace temp table moving as
    from held_scan where kind = '${name}' and not cleared and not (${isDoubted})`);
  await connection.run(
    `delete from held_scan using moving where held_scan.kind = '${name}' and held_scan.row_id = moving.row_id`,
  );
  await connection.run('insert into named_scan select * exclude (cleared) from moving');
  await connection.run('insert into dropped select row_id, license, psd, key from moving');
  await connection.run(`create or replace temp table moving as
    select *, ${isCleared} as cleared from named_scan where kind = '${name}' and (${isCleared} or (${isDoubted}))`);
  await connection.run(
    `delete from named_scan using moving where named_scan.kind = '${name}' and named_scan.row_id = moving.row_id`,
  );
  await connection.run('insert into held_scan from moving');
  await connection.run('insert into dropped select row_id, license, psd, key from moving');
}
