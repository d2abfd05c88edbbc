import { readSoftDecision } from './attempts.ts';
import type { MatrixReading, MatrixSearch } from './search.ts';
import { combined, type SoftDecision } from './soft-decisions.ts';

/**
 * Reads a mark that none of its pictures gave alone: all decisions about the modules of one picture with those of another,
 * and what comes of that with those of the next. Bounded by the tries of the search.
 */
export function readCombined(
  pictures: readonly (readonly SoftDecision[])[],
  search: MatrixSearch,
): MatrixReading | null {
  let together: readonly SoftDecision[] = pictures[0] ?? [];
  for (const softDecisions of pictures.slice(1)) {
    const pairs = together.flatMap((one) =>
      softDecisions.flatMap((other) => {
        const pair = combined(one, other);
        return pair === null ? [] : [pair];
      }),
    );
    for (const pair of pairs) {
      const reading = readSoftDecision(pair, search);
      if (reading !== null || search.isSpent) return reading;
    }
    if (pairs.length > 0) together = pairs;
  }
  return null;
}
