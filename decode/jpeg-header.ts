/** What the headers of a plain JPEG say. */
interface JpegHeader {
  readonly width: number;
  readonly height: number;
  readonly isColor: boolean;
}

const START_OF_IMAGE = 0xd8;
const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;
/** Sequential, Huffman, 8 bits: the baseline, and the extended process with 8 bits (ITU-T T.81, table B.1). */
const SEQUENTIAL = new Set([0xc0, 0xc1]);
/** Tables, JFIF, Exif, comments, intervals of restarts: they change no pixel but through the decoder. */
const PLAIN = new Set([0xc4, 0xdb, 0xdd, 0xe0, 0xe1, 0xfe]);

/**
 * Of a JPEG as cameras write it: sequential, 8 bits, grey or with three components, with no profile of colors and no marker of
 * Adobe, and with an end. Null for every other.
 */
export function plainJpegHeader(bytes: Uint8Array): JpegHeader | null {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const isWhole = file.length > 4 && file.readUInt16BE(0) === 0xff00 + START_OF_IMAGE;
  if (!isWhole || file.readUInt16BE(file.length - 2) !== 0xff00 + END_OF_IMAGE) return null;
  let header: JpegHeader | null = null;
  for (let at = 2; at + 4 <= file.length; ) {
    const marker = file[at + 1] ?? 0;
    if (file[at] !== 0xff) return null;
    if (marker === START_OF_SCAN) return header;
    const end = at + 2 + file.readUInt16BE(at + 2);
    if (end > file.length) return null;
    if (SEQUENTIAL.has(marker)) {
      header = header === null ? frameHeader(file.subarray(at + 4, end)) : null;
      if (header === null) return null;
    } else if (!PLAIN.has(marker)) return null;
    at = end;
  }
  return null;
}

/** B.2.2. */
function frameHeader(data: Buffer): JpegHeader | null {
  if (data.length < 6) return null;
  const [precision, components] = [data[0], data[5]];
  const [height, width] = [data.readUInt16BE(1), data.readUInt16BE(3)];
  const isKnown = precision === 8 && (components === 1 || components === 3) && data.length === 6 + 3 * components;
  return isKnown && width > 0 && height > 0 ? { width, height, isColor: components === 3 } : null;
}
