/**
 * Thousandths of the currency unit as text, exact at any size: `1234n` gives `1.234`, `-50` gives `-0.050`.
 * No currency sign: the mark does not say which currency its country has.
 */
export function formatMills(mills: number | bigint): string {
  const value = BigInt(mills);
  const magnitude = value < 0n ? -value : value;
  const thousandths = (magnitude % 1000n).toString().padStart(3, '0');
  return `${value < 0n ? '-' : ''}${magnitude / 1000n}.${thousandths}`;
}
