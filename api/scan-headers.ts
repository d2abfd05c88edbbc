import { DESCRIBING_FIELDS } from '../scans/index.ts';

/** Headers of a request whose body is the mark itself, by the field of the scan that they hold. */
export const SCAN_HEADERS: ReadonlyMap<string, string> = new Map(
  [...DESCRIBING_FIELDS, 'deadlineMs'].map((field) => [field, headerOf(field)]),
);

/** `indicia-scan-id` of `scanId`. */
function headerOf(field: string): string {
  return `indicia-${field.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
