import { SCAN_TEXT_CHARS_MAX } from '../indicium/index.ts';
import { FRAME_SIDE_PX_MAX, WEIGHT_GRAMS_MAX } from './limits.ts';

/**
 * What values of a scan are taken, as shapes/scan-shapes.ts describes them to others. Written out, since every thread that reads would
 * load a library of 700 files for it (0.2 s); test/scans holds both to the same answers.
 */
export function isWeight(value: unknown): value is number {
  return isWholeNumber(value, 0, WEIGHT_GRAMS_MAX);
}

/** Size of a raw frame; anything else that the object has is left alone. */
export function isFrame(value: unknown): value is { readonly width: number; readonly height: number } {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    'width' in value &&
    'height' in value &&
    isWholeNumber(value.width, 1, FRAME_SIDE_PX_MAX) &&
    isWholeNumber(value.height, 1, FRAME_SIDE_PX_MAX)
  );
}

/** Characters are code points: one outside the basic plane is two units of UTF-16. */
export function isShortText(value: string): boolean {
  if (value.length <= SCAN_TEXT_CHARS_MAX) return value.length > 0;
  return value.length <= 2 * SCAN_TEXT_CHARS_MAX && [...value].length <= SCAN_TEXT_CHARS_MAX;
}

function isWholeNumber(value: unknown, minimum: number, maximum: number): value is number {
  return Number.isInteger(value) && typeof value === 'number' && value >= minimum && value <= maximum;
}
