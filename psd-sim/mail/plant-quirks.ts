import type { Random } from '../random.ts';
import { HOUR_MS } from './passes.ts';
import type { ScanEvent } from './scan-event.ts';

/** Plants whose clock or scale is wrong for everything that passes them. */
export interface PlantQuirks {
  readonly slowPlant?: string;
  readonly otherScale?: OtherScale;
}

interface OtherScale {
  readonly plant: string;
  readonly unitsPerGram: number;
}

const SLOW_CLOCK_MS = 40 * HOUR_MS;
const GRAMS_PER_OUNCE = 28.349_523_125;
/** Tenths and hundredths of an ounce: the one makes mail a third as heavy, the other more than three times. */
export const OTHER_UNITS_PER_GRAM = [10 / GRAMS_PER_OUNCE, 100 / GRAMS_PER_OUNCE] as const;
/** In-line scales weigh moving mail to about a gram either way. */
const SCALE_SPREAD_GRAMS = 0.6;
const SCALE_ERROR_GRAMS_MAX = 2;

/** A scan as its plant records it: by its clock, and in the unit of its scale with the spread of scales. */
export function readAt<Scan extends Omit<ScanEvent, 'scanId'>>(
  scan: Scan,
  { slowPlant, otherScale }: PlantQuirks,
  random: Random,
): Scan {
  const grams = scan.readOff?.weightGrams ?? scan.piece.weightGrams;
  const error = Math.round(random.gaussian() * SCALE_SPREAD_GRAMS);
  const weighed = grams + Math.max(-SCALE_ERROR_GRAMS_MAX, Math.min(SCALE_ERROR_GRAMS_MAX, error));
  const units = otherScale?.plant === scan.plant ? otherScale.unitsPerGram : 1;
  const slowMs = slowPlant === scan.plant ? SLOW_CLOCK_MS : 0;
  const weightGrams = Math.max(1, Math.round(weighed * units));
  return { ...scan, scannedAtMs: scan.scannedAtMs - slowMs, readOff: { ...scan.readOff, weightGrams } };
}
