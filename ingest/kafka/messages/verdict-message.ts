import { textAt, type UncheckedCode, type VerdictColumns } from '../../../indicium/index.ts';
import type { NewMessage } from '../client-port.ts';
import { EVENT_TYPES, eventHeaders } from './cloud-events.ts';
import { LINES_CONTENT_TYPE } from './scan-message.ts';

/** Which scans were judged, and at which plants and on which machines they were made; '' for a machine that is not named. */
export interface JudgedScans {
  readonly scanIds: readonly string[];
  readonly plants: readonly (string | null)[];
  readonly machines: readonly string[];
  /** Checks of each mark that were not made. */
  readonly unchecked: readonly (readonly UncheckedCode[])[];
  readonly verdicts: VerdictColumns;
}

/** One message for each machine of a batch, keyed by it: a sorter reads the partition of its machine. */
export function verdictMessages(
  to: string,
  { scanIds, plants, machines, unchecked, verdicts }: JudgedScans,
  event: { readonly id: string; readonly source: string; readonly timeMs: number },
): NewMessage[] {
  const lines = new Map<string, string[]>();
  // Most verdicts of a batch are alike, but for the scan.
  const ends = new Map<string, string>();
  for (const [row, machine] of machines.entries()) {
    const its = lines.get(machine) ?? [];
    if (its.length === 0) lines.set(machine, its);
    const reasons = textAt(verdicts.reasons, row);
    const disposition = textAt(verdicts.dispositions, row);
    const open = unchecked[row] ?? [];
    const kind = `${disposition} ${reasons} ${open}`;
    const end = ends.get(kind) ?? endOf(disposition, reasons, open);
    ends.set(kind, end);
    its.push(`{"scanId":${JSON.stringify(scanIds[row])},"plant":${JSON.stringify(plants[row] ?? null)},${end}`);
  }
  return [...lines].map(([machine, its]) => ({
    topic: to,
    partition: null,
    key: machine,
    value: Buffer.from(`${its.join('\n')}\n`),
    headers: eventHeaders({
      ...event,
      type: EVENT_TYPES.verdicts,
      id: `${event.id}/${machine}`,
      contentType: LINES_CONTENT_TYPE,
    }),
  }));
}

function endOf(disposition: string, reasons: string, unchecked: readonly UncheckedCode[]): string {
  return JSON.stringify({ disposition, reasons: reasons === '' ? [] : reasons.split(','), unchecked }).slice(1);
}
