import type { ScanEvent } from './scan-event.ts';

/** A scan as one line of NDJSON, with its payload or the path of its picture. */
export function scanLine(event: ScanEvent, image?: string): string {
  const { scanId, piece, plant, machine, pass, scannedAtMs, readOff } = event;
  const mark = image === undefined ? { payload: piece.payload.toString('base64') } : { image };
  return JSON.stringify({
    scanId,
    plant,
    machine,
    scannedAt: new Date(scannedAtMs).toISOString(),
    mailpieceId: readOff?.mailpieceId ?? piece.mailpieceId,
    pass,
    destination: readOff?.destination ?? piece.destination,
    weightGrams: readOff?.weightGrams ?? piece.weightGrams,
    ...mark,
  });
}
