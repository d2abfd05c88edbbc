import { readImpression } from './attempts.ts';
import { combined, type Impression } from './impressions.ts';
import type { MatrixReading, MatrixSearch } from './search.ts';

/**
 * Reads a mark that none of its pictures gave alone: every impression of one picture with every impression of another,
 * and what comes of that with those of the next. Bounded by the tries of the search.
 */
export function readCombined(pictures: readonly (readonly Impression[])[], search: MatrixSearch): MatrixReading | null {
  let together: readonly Impression[] = pictures[0] ?? [];
  for (const impressions of pictures.slice(1)) {
    const pairs = together.flatMap((one) =>
      impressions.flatMap((other) => {
        const pair = combined(one, other);
        return pair === null ? [] : [pair];
      }),
    );
    for (const pair of pairs) {
      const reading = readImpression(pair, search);
      if (reading !== null || search.isSpent) return reading;
    }
    if (pairs.length > 0) together = pairs;
  }
  return null;
}
