import { isUtf8 } from 'node:buffer';
import { missing, type ReadingColumns, type ReasonCode, rowsOf, selectReadings, textAt } from '../../indicium/index.ts';
import { LINE_BYTES_MAX, lineText, readRecord } from '../../scans/index.ts';
import type { DeadLetterReason, Origin } from './messages/dead-letter.ts';

/** Why a line is not even looked into; null where it is not too long. */
export function tooLong({ length }: Buffer): string | null {
  return length > LINE_BYTES_MAX ? `longer than ${LINE_BYTES_MAX} bytes` : null;
}

/** A record without a scan id can have no verdict that anybody would find; any other faulty record has one. */
export function problemWith(line: Buffer): string | null {
  const length = tooLong(line);
  if (length !== null) return length;
  if (!isUtf8(line)) return 'not UTF-8';
  const read = readRecord(lineText(line, 0, line.length));
  return 'problem' in read ? read.problem : null;
}

/** What readers made of lines, without those that are not scans. */
interface ReadLines {
  readonly columns: ReadingColumns;
  readonly origins: readonly Origin[];
  readonly dead: readonly (readonly [Origin, DeadLetterReason])[];
}

const MALFORMED: ReasonCode = 'scan-malformed';
/** Readers parse the lines anyhow, in threads of their own: only what they made nothing of is looked at once more. */
export function rejectMalformed(columns: ReadingColumns, origins: readonly Origin[]): ReadLines {
  const { offsets } = columns.outcome;
  const dead: [Origin, DeadLetterReason][] = [];
  const kept: number[] = [];
  for (const [row, origin] of origins.entries()) {
    const mayBeDead =
      (offsets[row + 1] ?? missing('offsets')) - (offsets[row] ?? missing('offsets')) === MALFORMED.length;
    const isMalformed = mayBeDead && textAt(columns.outcome, row) === MALFORMED;
    const problem = isMalformed && origin.line !== undefined ? problemWith(origin.line.bytes) : null;
    if (problem === null) kept.push(row);
    else dead.push([origin, { code: 'not-a-scan', detail: problem }]);
  }
  if (kept.length === rowsOf(columns)) return { columns, origins, dead };
  return {
    columns: selectReadings(columns, kept),
    origins: kept.flatMap((row) => origins[row] ?? []),
    dead,
  };
}
