/** A value for each field that is not as it should be, as JSON text, and what is said of it. */
export const WRONG_FIELDS: readonly (readonly [field: string, value: string, problem: string])[] = [
  ['plant', '1.5', 'not-text'],
  ['plant', '["06484"]', 'not-text'],
  ['machine', 'true', 'not-text'],
  ['machine', `"${'M'.repeat(257)}"`, 'too-long'],
  ['mailpieceId', '-7', 'not-text'],
  ['mailpieceId', '1e3', 'not-text'],
  ['mailpieceId', '{"id":7}', 'not-text'],
  ['mailpieceId', '"\\ud800"', 'broken-text'],
  ['destination', '7.25', 'not-text'],
  ['scannedAt', '1795168980000', 'not-text'],
  ['scannedAt', '"2026-11-20T10:03:00"', 'no-zone'],
  ['scannedAt', '"2026-02-29T10:00:00Z"', 'not-a-time'],
  ['pass', '"outbound"', 'unknown-pass'],
  ['pass', '2', 'unknown-pass'],
  ['weightGrams', '"20"', 'not-grams'],
  ['weightGrams', '20.5', 'not-grams'],
  ['weightGrams', '-1', 'not-grams'],
  ['weightGrams', '4294967296', 'not-grams'],
];

/** A scan as JSON text, with one field written as given. */
export function withField(scan: Readonly<Record<string, unknown>>, field: string, value: string): string {
  const { [field]: _, ...others } = scan;
  return `${JSON.stringify(others).slice(0, -1)},"${field}":${value}}`;
}
