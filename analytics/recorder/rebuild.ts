import type { Judge } from '../judge/judge.ts';
import type { Remembered } from '../snapshot/snapshot.ts';
import { recordedPieces } from '../store/recorded-pieces.ts';
import type { Store } from '../store/store.ts';
import { asBigint, asInteger, asText } from '../store/values.ts';

/**
 * Judge and filter as they stood: everything in the store that came after `afterRow`, which they know already, is shown to them
 * again, in the order it was recorded; of what left it for an archive, that it was seen.
 */
export async function rebuild(
  store: Store,
  { judge, known }: Remembered,
  afterRow: bigint,
  onRestored: (scans: number, of: number) => void = () => {},
): Promise<void> {
  if (afterRow === 0n) await showArchived(store, judge);
  const counted = await store.connection.runAndReadAll(`select count(*) from evidence where row_id > ${afterRow}`);
  const all = Number(afterRow) + asInteger(counted.getRows()[0]?.[0]);
  let restored = Number(afterRow);
  onRestored(restored, all);
  for await (const { rows, keys, pieces } of recordedPieces(store.connection, afterRow)) {
    for (const piece of pieces) judge.see(piece);
    known.noteAll(keys, rows);
    restored += rows;
    onRestored(restored, all);
  }
}

async function showArchived(store: Store, judge: Judge): Promise<void> {
  const seen = await store.connection.stream('select license, psd, page, seen_counts from seen_page');
  for await (const rows of seen.yieldRows()) {
    for (const [license, psd, page, counts] of rows) {
      judge.noteSeen(asInteger(license), asText(psd), asBigint(page), asBigint(counts));
    }
  }
}
