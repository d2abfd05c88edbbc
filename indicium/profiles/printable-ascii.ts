/** A run of letters this long in binary data is text; three printable bytes in a row are one in 18 by chance. */
const RUN_CHARS_MIN = 4;

export function isPrintableAscii(bytes: Buffer): boolean {
  return bytes.every((byte) => byte >= 0x20 && byte <= 0x7e);
}

/** Nothing but zeros and spaces. */
export function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0 || byte === 0x20);
}

/** The words in bytes that a customer may fill as he likes; null where there are none. Holds printable ASCII alone. */
export function textWithin(bytes: Buffer): string | null {
  const text = bytes.toString('latin1').replace(/\0+$/, '').trim();
  if (/^[ -~]+$/.test(text)) return text;
  const runs = text.match(/[ -~]+/g)?.map((run) => run.trim()) ?? [];
  const words = runs.filter((run) => run.length >= RUN_CHARS_MIN);
  return words.length === 0 ? null : words.join(' ');
}
