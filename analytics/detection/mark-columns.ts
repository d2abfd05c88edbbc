import { comparableIdSql } from '../sightings/comparable-id.ts';
import { areaSql } from '../sightings/delivery-area.ts';

/** Of each mark, with license and PSD given as those that it names, or as those whose key signed it. */
function markColumns(owner: string): string {
  return `row_id, scan_id, ${owner}, epoch, piece_count, ascending_mills, descending_mills, postage_mills, printed_at_ms,
  content_digest, mailpiece_id, pass, plant, scanned_at, scan_digest, brought_by`;
}

export const MARK_COLUMNS = markColumns('license, psd');
const SIGNED_BY = 'coalesce(signer_license, license) as license, coalesce(signer_psd, psd) as psd';

/** The rule is long: to plan a view with it takes 10 ms, so that what reads `fresh` and `repeats` finds it worked out. */
const COMPARABLE_ID = `${comparableIdSql('mailpiece_id')} as mailpiece`;

/** Of new scans, the license and PSD are those that a mark names, unless the key of another PSD signed it: then that one's. */
export const FRESH_COLUMNS = `${markColumns(SIGNED_BY)}, license as named_license, psd as named_psd, key_id, rate_category,
  printed_at, deposit_postcode, destination_postcode, outcome, genuine, sorter_destination, weight_grams, ${COMPARABLE_ID}`;

/**
 * Of a piece that was seen more than once, what its path is told by: its id in the form in which ids are compared, the delivery
 * areas that the sorter read and that the mark is signed for, the half hour since 1970 in which it was scanned, and its
 * weight as the sightings remember it.
 */
export const REPEATED_COLUMNS = `${MARK_COLUMNS}, deposit_postcode, destination_postcode, sorter_destination, weight_grams,
  ${COMPARABLE_ID}, ${areaSql('sorter_destination')} as area, ${areaSql('destination_postcode')} as signed_area,
  nullif(greatest(epoch_ms(scanned_at), 0) // 1800000, 0) as half_hour,
  nullif(least(greatest(weight_grams, 0), 65535), 0) as known_grams`;

export const SEEN_COLUMNS = `${MARK_COLUMNS}, destination_postcode, sorter_destination, mailpiece`;

/** What neighbors by piece count are compared by. */
export const NEAR_COLUMNS =
  'row_id, license, psd, piece_count, epoch, ascending_mills, postage_mills, printed_at_ms, content_digest';
