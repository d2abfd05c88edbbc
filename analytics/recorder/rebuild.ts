import type { Judge } from '../judge/judge.ts';
import { recordedPieces } from '../store/recorded-pieces.ts';
import type { Store } from '../store/store.ts';
import { asBigint, asInteger, asText } from '../store/values.ts';
import type { KnownScans } from './known-scans.ts';

/**
 * Judge and filter as they stood: everything in the store is shown to them again, in the order it was recorded; of what
 * left it for an archive, that it was seen.
 */
export async function rebuild(
  store: Store,
  judge: Judge,
  known: KnownScans,
  onRestored: (scans: number, of: number) => void = () => {},
): Promise<void> {
  const seen = await store.connection.stream('select license, psd, page, seen_counts from seen_page');
  for await (const rows of seen.yieldRows()) {
    for (const [license, psd, page, counts] of rows) {
      judge.noteSeen(asInteger(license), asText(psd), asBigint(page), asBigint(counts));
    }
  }
  const counted = await store.connection.runAndReadAll('select count(*) from evidence');
  const all = asInteger(counted.getRows()[0]?.[0]);
  let restored = 0;
  onRestored(0, all);
  for await (const { rows, keys, pieces } of recordedPieces(store.connection)) {
    for (const piece of pieces) judge.see(piece);
    known.noteAll(keys, rows);
    restored += rows;
    onRestored(restored, all);
  }
}
