const POLYNOMIAL = 0b0011;

/**
 * The check digit that Deutsche Post prints behind a franking id and a tracking id: CRC-4 with x^4 + x + 1, from 0, over the
 * ASCII of the hex digits, as a hex digit itself.
 */
export function crc4(hexDigits: string): string {
  let register = 0;
  for (const byte of Buffer.from(hexDigits, 'latin1')) {
    for (let bit = 7; bit >= 0; bit--) {
      const feedback = (register >> 3) ^ ((byte >> bit) & 1);
      register = ((register << 1) & 0b1111) ^ (feedback === 1 ? POLYNOMIAL : 0);
    }
  }
  return register.toString(16).toUpperCase();
}
