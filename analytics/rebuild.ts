import { GENUINE_OUTCOMES, SORTING_PASSES, TextBuilder } from '../indicium/index.ts';
import { type Judge, mailpieceDigest } from './judge.ts';
import type { KnownScans } from './known-scans.ts';
import type { Store } from './store/store.ts';
import { asBigint, asInteger, asText, asTextOrNull } from './store/values.ts';

/**
 * Judge and filter as they stood: everything in the store is shown to them again, in the order it was recorded; of what
 * left it for an archive, that it was seen.
 */
export async function rebuild(store: Store, judge: Judge, known: KnownScans): Promise<void> {
  const seen = await store.connection.stream('select license, psd, page, seen_counts from seen_page');
  for await (const rows of seen.yieldRows()) {
    for (const [license, psd, page, counts] of rows) {
      judge.noteSeen(asInteger(license), asText(psd), asBigint(page), asBigint(counts));
    }
  }
  const result = await store.connection.stream(
    `select scan_id, license, psd, piece_count, content_digest, mailpiece_id, plant, pass,
       license is not null and outcome in ('${GENUINE_OUTCOMES.join("', '")}')
     from evidence order by row_id`,
  );
  for await (const rows of result.yieldRows()) {
    const scanIds = new TextBuilder(rows.length);
    for (const [scanId, license, psd, pieceCount, content, mailpieceId, plant, pass, isGenuine] of rows) {
      scanIds.add(asText(scanId));
      if (isGenuine !== true) continue;
      const passName = asTextOrNull(pass);
      judge.see({
        license: asInteger(license),
        psd: asText(psd),
        pieceCount: asBigint(pieceCount),
        content: asBigint(content),
        mailpiece: mailpieceDigest(asTextOrNull(mailpieceId)),
        plant: asTextOrNull(plant),
        pass: SORTING_PASSES.find((known) => known === passName) ?? null,
      });
    }
    known.noteAll(scanIds.finish(), rows.length);
  }
}
