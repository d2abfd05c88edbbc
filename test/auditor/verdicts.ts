import { type AuditedDay, type AuditedScan, isGenuine, outcomeOf } from './marks.ts';

export interface AuditedVerdict {
  readonly scanId: string;
  readonly disposition: string;
  readonly reasons: readonly string[];
}

const FOR_A_PERSON = ['valid-but-revoked-key', 'date-anomaly', 'possible-copy'];

/** Every scan in turn, against a list of all genuine ones before it. */
export function auditVerdicts(day: AuditedDay): AuditedVerdict[] {
  const before = new Map<string, AuditedScan[]>();
  return day.scans.map((scan) => {
    const outcome = outcomeOf(scan, day);
    const reasons = new Set(outcome === 'valid' ? [] : [outcome]);
    if (isGenuine(outcome)) {
      const { license, psd, count } = scan.mark;
      const key = `${license} ${psd} ${count}`;
      const earlier = before.get(key) ?? [];
      for (const one of earlier) {
        const repeated = repetition(one, scan, day);
        if (repeated !== null) reasons.add(repeated);
      }
      before.set(key, [...earlier, scan]);
    }
    const isGrave = [...reasons].some((reason) => !FOR_A_PERSON.includes(reason));
    const disposition = isGrave ? 'divert' : reasons.size > 0 ? 'manual' : 'accept';
    return { scanId: scan.scanId, disposition, reasons: [...reasons].toSorted() };
  });
}

function repetition(earlier: AuditedScan, later: AuditedScan, day: AuditedDay): string | null {
  if (earlier.mark.contents !== later.mark.contents) return 'fork';
  if (earlier.mailpieceId !== undefined && later.mailpieceId !== undefined) {
    if (earlier.mailpieceId === later.mailpieceId || earlier.pass !== later.pass) return null;
    return isFromHome(later, day) && !isFromHome(earlier, day) ? 'possible-copy' : 'copy';
  }
  const areOrigins = earlier.pass === 'origin' && later.pass === 'origin';
  if (areOrigins && earlier.plant !== later.plant) return 'copy';
  return earlier.pass === later.pass ? 'possible-copy' : null;
}

/** Whether a scan is of the plant that sorts for the town of its license: the original of a copy is. */
function isFromHome({ plant, mark }: AuditedScan, { licenses, plants }: AuditedDay): boolean {
  const home = licenses.get(mark.license)?.depositPostcode;
  return plants.some((one) => one.plant === plant && one.postcode === home);
}
