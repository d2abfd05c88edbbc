import {
  type Int64Column,
  isReasonCode,
  isValid,
  missing,
  type ReadingColumns,
  rowsOf,
  TextCache,
  type TextColumn,
  type Validity,
} from '../../../indicium/index.ts';

const outcomes = new TextCache();

/**
 * Whether a judge can take readings that are a whole batch by their bytes: columns that every row fills, outcomes that
 * there are, all of an indicium where there is one, and times that a calendar has. Anyone who may write to the topic could
 * stop every judge by a batch that is not.
 */
export function areKnownReadings(readings: ReadingColumns): boolean {
  const { scanId, scanDigest, trustVersion, outcome, scannedAtMs, printedAtMs, receivedAtMs, license } = readings;
  const rows = rowsOf(readings);
  if (![scanId, scanDigest, trustVersion, outcome].every(({ valid }) => isFull(valid, rows))) return false;
  const { keyId, psd, epoch, pieceCount, ascendingMills, postageMills, rateCategory } = readings;
  const { depositPostcode, contentDigest } = readings;
  const counts = [keyId, pieceCount, ascendingMills, postageMills, printedAtMs, contentDigest];
  const ofIndicium = [...counts, psd, epoch, rateCategory, depositPostcode].filter(({ valid }) => valid !== null);
  for (let row = 0; row < rows; row++) {
    if (!isOutcome(outcome, row)) return false;
    if (!isTime(scannedAtMs, row) || !isTime(printedAtMs, row) || !isTime(receivedAtMs, row)) return false;
    if (isValid(license.valid, row) && !ofIndicium.every(({ valid }) => isValid(valid, row))) return false;
  }
  return true;
}

function isFull(valid: Validity, rows: number): boolean {
  for (let row = 0; row < rows; row++) if (!isValid(valid, row)) return false;
  return true;
}

const OUTCOME_BYTES_MAX = 64;

function isOutcome(column: TextColumn, row: number): boolean {
  if ((column.offsets[row + 1] ?? missing('offsets')) - (column.offsets[row] ?? missing('offsets')) > OUTCOME_BYTES_MAX)
    return false;
  const text = outcomes.textAt(column, row);
  return text === 'valid' || isReasonCode(text);
}

/** Milliseconds that JavaScript and databases can make a date of: 275,760 years. */
const TIME_MS_MAX = 8.64e15;

function isTime({ words, valid }: Int64Column, row: number): boolean {
  return (
    !isValid(valid, row) ||
    Math.abs(((words[2 * row + 1] ?? missing('words')) | 0) * 2 ** 32 + (words[2 * row] ?? missing('words'))) <=
      TIME_MS_MAX
  );
}
