import type { GreyImage } from '../../decode/symbol-reader.ts';

const SHORT = 3;
const LONG = 4;

/** An uncompressed TIFF with a page for each picture; a null has a directory whose pixels lie beyond the end of the file. */
export function tiffOf(pages: readonly (GreyImage | null)[]): Buffer {
  const parts: Buffer[] = [Buffer.from([0x49, 0x49, 0x2a, 0, 8, 0, 0, 0])];
  let offset = 8;
  for (const [index, page] of pages.entries()) {
    const { width, height, pixels } = page ?? { width: 64, height: 64, pixels: new Uint8Array(0) };
    const entries: [tag: number, type: number, value: number][] = [
      [256, LONG, width],
      [257, LONG, height],
      [258, SHORT, 8],
      [259, SHORT, 1],
      [262, SHORT, 1],
      [273, LONG, 0],
      [277, SHORT, 1],
      [278, LONG, height],
      [279, LONG, width * height],
    ];
    const directory = Buffer.alloc(2 + 12 * entries.length + 4);
    const start = offset + directory.length;
    const next = start + pixels.length + (pixels.length % 2);
    directory.writeUInt16LE(entries.length, 0);
    for (const [at, [tag, type, value]] of entries.entries()) {
      directory.writeUInt16LE(tag, 2 + 12 * at);
      directory.writeUInt16LE(type, 4 + 12 * at);
      directory.writeUInt32LE(1, 6 + 12 * at);
      const whole = tag === 273 ? (page === null ? 0x7fff_0000 : start) : value;
      if (type === SHORT) directory.writeUInt16LE(whole, 10 + 12 * at);
      else directory.writeUInt32LE(whole, 10 + 12 * at);
    }
    directory.writeUInt32LE(index + 1 < pages.length ? next : 0, directory.length - 4);
    parts.push(directory, Buffer.from(pixels), Buffer.alloc(pixels.length % 2));
    offset = next;
  }
  return Buffer.concat(parts);
}

export interface BmpKind {
  readonly bits: 1 | 8 | 24 | 32;
  readonly isTopDown?: boolean;
  /** The palette has white first. */
  readonly isInverted?: boolean;
}

/** An uncompressed BMP with a header of 40 bytes. */
export function bmpOf(
  { width, height, pixels }: GreyImage,
  { bits, isTopDown = false, isInverted = false }: BmpKind,
): Buffer {
  const colors = bits <= 8 ? 2 ** bits : 0;
  const head = Buffer.alloc(54 + 4 * colors);
  head.write('BM', 0, 'latin1');
  const rowBytes = 4 * Math.ceil((width * bits) / 32);
  head.writeUInt32LE(head.length + rowBytes * height, 2);
  head.writeUInt32LE(head.length, 10);
  head.writeUInt32LE(40, 14);
  head.writeInt32LE(width, 18);
  head.writeInt32LE(isTopDown ? -height : height, 22);
  head.writeUInt16LE(1, 26);
  head.writeUInt16LE(bits, 28);
  for (let color = 0; color < colors; color++) {
    const level = Math.round((255 * color) / (colors - 1));
    const shown = isInverted ? 255 - level : level;
    head.set([shown, shown, shown, 0], 54 + 4 * color);
  }
  const rows = Array.from({ length: height }, (_, line) => {
    const from = (isTopDown ? line : height - 1 - line) * width;
    const row = Buffer.alloc(rowBytes);
    for (let x = 0; x < width; x++) {
      const level = pixels[from + x] ?? 0;
      const index = isInverted ? 255 - level : level;
      if (bits === 1) row[x >> 3] = (row[x >> 3] ?? 0) | ((index >= 128 ? 1 : 0) << (7 - (x & 7)));
      else if (bits === 8) row[x] = index;
      else row.set(bits === 24 ? [level, level, level] : [level, level, level, 255], (x * bits) / 8);
    }
    return row;
  });
  return Buffer.concat([head, ...rows]);
}
