import type { Indicium } from './indicium.ts';

/** The fields of a mark as JSON can hold them: the piece count becomes text beyond 2^53, the date ISO 8601. */
export function plainFields(indicium: Indicium): Record<string, string | number | null> {
  const { pieceCount, printedAtMs, signedBytes, signature, ...rest } = indicium;
  return {
    ...rest,
    pieceCount: pieceCount <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(pieceCount) : pieceCount.toString(),
    printedAt: new Date(printedAtMs).toISOString(),
    signedBytes: signedBytes.length,
    signatureBytes: signature.length,
  };
}
