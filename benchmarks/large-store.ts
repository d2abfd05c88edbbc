import type { Store } from '../analytics/index.ts';

const SETS = 20_000;
const PARTS = 10;
const DAY_MS = Date.UTC(2026, 10, 20);

/**
 * A day of a large post, written straight into a store: 20,000 register sets, each with pieces that lie in the evening's
 * scans in any order; one scan in ten is of a mailpiece seen before, one address in 300 was misread, one mark in 20,000 is
 * forged, one in 20,000 a photocopy.
 */
export async function fillStore({ connection }: Store, rows: number, onStep: (step: string) => void): Promise<void> {
  for (let part = 0; part < PARTS; part++) {
    onStep(`writing ${rows} scans: part ${part + 1} of ${PARTS}`);
    await connection.run(insertion(Math.floor((part * rows) / PARTS), Math.floor(((part + 1) * rows) / PARTS), rows));
  }
  const set = `range(${SETS}) as t(s)`;
  const psd = "'06-2S-' || (5520023 + s * 7)";
  const town = "lpad((s % 600 + 10000)::varchar, 5, '0')";
  for (const sql of [
    `insert into registry_license select 700000 + s, 'Holder ' || s, 'Town', ${town}, 1, 0, 4000000000000, null, 1, null from ${set}`,
    `insert into registry_grant select 700000 + s, ${psd}, 0, null, 1, null from ${set}`,
    `insert into registry_funds select 700000 + s, ${psd}, 1, 10000000, 0, 1, null from ${set}`,
    'insert into registry_rate values (101, 28, 730, 0, 4000000000000, 1, null)',
    `insert into registry_plant
     select lpad((s % 75 + 10000)::varchar, 5, '0'), lpad((s + 10000)::varchar, 5, '0'), 35 + s % 75 / 10, -100 + s % 75 / 3, 1, null
     from range(600) as t(s)`,
    'checkpoint',
  ]) {
    await connection.run(sql);
  }
}

/** Scans `from` to `to` of the day; piece counts follow from the number of the scan, in an order that is not theirs. */
export function insertion(from: number, to: number, rows: number): string {
  const perSet = Math.floor(rows / SETS);
  return `
insert into evidence
with scans as (
  select i, if(i >= 200000 and i % 10 = 9, i - 200000, i) as n from range(${from}, ${to}) as t(i)
),
pieces as (
  select i, n, n <> i as is_again, (n * 7919) % ${SETS} as s,
    1 + (((n // ${SETS}) % ${perSet}) * 137 + (n * 7919) % ${SETS}) % ${perSet} + n // ${SETS} // ${perSet} * ${perSet} as c
  from scans
),
marks as (
  select *, hash(s, c) as h, lpad((s % 600 + 10000)::varchar, 5, '0') as town,
    lpad((s % 75 + 10000)::varchar, 5, '0') as plant
  from pieces
)
select i + 1, 'DBCS-' || (s % 150) || '/20261120A/' || lpad(i::varchar, 9, '0'), hash(i), 'bench', plant,
  'DBCS-' || (s % 150), ${DAY_MS} + 64800000 + i * 14400000 // ${rows} + if(is_again, 36000000, 0),
  'J18C' || lpad((if(is_again and i % 20000 = 9999, h // 3, h) % 1000000000000)::varchar, 12, '0'),
  if(is_again, 'destination', 'origin'),
  lpad((if(i % 300 = 7, h // 5, h) % 100000)::varchar, 5, '0') || '123456', 8 + h % 20, null, null, null,
  (repeat(chr((65 + h % 26)::integer), 100) || lpad(i::varchar, 35, '0'))::blob, null, 1,
  if(i % 20000 = 11, 'forged', 'valid'), s + 1, 700000 + s, '06-2S-' || (5520023 + s * 7), 0, c, c * 730,
  10000000 - c * 730, 730, 101, ${DAY_MS} + 28800000 + c * 32400000 // ${perSet} // 60000 * 60000, town,
  lpad((h % 100000)::varchar, 5, '0') || '123456', h, 'accept', '', 1, null, null
from marks`;
}
