import { digest64, type Mark, type Scan } from '../indicium/index.ts';

export function malformedScan(scanId: string, detail: string, line: string): Scan {
  return bareScan(scanId, { kind: 'none', reason: 'scan-malformed', detail }, digest64(line));
}

/** A scan of which nothing is known but its mark. */
export function bareScan(scanId: string, mark: Mark, digest: bigint): Scan {
  return {
    scanId,
    plant: null,
    machine: null,
    scannedAtMs: null,
    mailpieceId: null,
    pass: null,
    destination: null,
    weightGrams: null,
    mark,
    extra: null,
    sender: null,
    digest,
  };
}
