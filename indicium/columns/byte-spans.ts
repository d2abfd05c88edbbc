/** FNV-1a over a span of bytes, its upper half mixed in: texts that follow each other differ in their last digits only. */
export function hashOfSpan(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  return hash ^ (hash >>> 16);
}

/** Whether `length` bytes from one place on are those from another place on. */
export function isSameSpan(
  left: Uint8Array,
  leftStart: number,
  right: Uint8Array,
  rightStart: number,
  length: number,
): boolean {
  for (let at = 0; at < length; at++) {
    if (left[leftStart + at] !== right[rightStart + at]) return false;
  }
  return true;
}
