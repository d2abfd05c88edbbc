import { deflateSync } from 'node:zlib';
import { SmallWorld } from './marks.ts';
import { namedBytes, symbolImage } from './pictures.ts';
import { PNG_SIGNATURE, pngChunk, pngHeader } from './png.ts';

/** The mark on those of the pictures that can be read. */
export const HOSTILE_PAYLOAD = new SmallWorld(1, 1).frank();
export const mark = () => symbolImage('datamatrix', HOSTILE_PAYLOAD);

/** A PNG that claims a size and brings the data given. */
function png(width: number, height: number, data: Uint8Array, ...extra: Buffer[]): Buffer {
  const chunks = [pngHeader(width, height), ...extra, pngChunk('IDAT', data), pngChunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([PNG_SIGNATURE, ...chunks]);
}

/** A JPEG whose frame header claims another size. */
async function jpegClaiming(width: number, height: number): Promise<Buffer> {
  const bytes = await mark().jpeg().toBuffer();
  const frame = bytes.indexOf(Buffer.from([0xff, 0xc0]));
  bytes.writeUInt16BE(height, frame + 5);
  bytes.writeUInt16BE(width, frame + 7);
  return bytes;
}

const GIF_HEAD = Buffer.from('GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff', 'latin1');
/** A frame of one pixel. */
const GIF_FRAME = Buffer.from(',\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00', 'latin1');

function hugeGif(): Buffer {
  const gif = Buffer.concat([GIF_HEAD, GIF_FRAME, Buffer.from(';')]);
  for (const offset of [6, 8, 24, 26]) gif.writeUInt16LE(65_535, offset);
  return gif;
}

function manyFrames(): Buffer {
  return Buffer.concat([GIF_HEAD, Buffer.alloc(GIF_FRAME.length * 1_000_000, GIF_FRAME), Buffer.from(';')]);
}

/** A bitmap of 8 bits in runs of 250 pixels, two bytes each. */
function runsBmp(width: number, height: number): Buffer {
  const head = Buffer.alloc(54 + 1_024, 0x80);
  head.fill(0, 0, 54);
  head.write('BM', 0, 'latin1');
  head.writeUInt32LE(head.length, 10);
  head.writeUInt32LE(40, 14);
  head.writeInt32LE(width, 18);
  head.writeInt32LE(height, 22);
  head.writeUInt16LE(1, 26);
  head.writeUInt16LE(8, 28);
  head.writeUInt32LE(1, 30);
  const row = Buffer.from([...Array.from({ length: width / 250 }, () => [250, 7]).flat(), 0, 0]);
  const runs = Buffer.alloc(row.length * height, row);
  head.writeUInt32LE(runs.length, 34);
  head.writeUInt32LE(head.length + runs.length, 2);
  return Buffer.concat([head, runs]);
}

function paletteBmp(): Buffer {
  const bitmap = runsBmp(250, 100);
  bitmap.writeUInt32LE(0xffff_ffff, 46);
  return bitmap;
}

/** A TIFF of many pages: the mark on one, the others white. Its directories are chained by hand. */
async function tiffOfPages(pages: number, markOn: number): Promise<Buffer> {
  const parts: Buffer[] = [Buffer.from([0x49, 0x49, 42, 0, 8, 0, 0, 0])];
  const { data, info } = await mark().toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
  let offset = 8;
  for (let page = 0; page < pages; page++) {
    const pixels = page === markOn ? data : Buffer.alloc(info.width * info.height, 255);
    const tags: [number, number, number][] = [
      [256, 4, info.width],
      [257, 4, info.height],
      [258, 3, 8],
      [259, 3, 1],
      [262, 3, 1],
      [273, 4, offset + 2 + 9 * 12 + 4],
      [277, 3, 1],
      [278, 4, info.height],
      [279, 4, pixels.length],
    ];
    const directory = Buffer.alloc(2 + tags.length * 12 + 4);
    directory.writeUInt16LE(tags.length, 0);
    for (const [index, [tag, type, value]] of tags.entries()) {
      directory.writeUInt16LE(tag, 2 + index * 12);
      directory.writeUInt16LE(type, 4 + index * 12);
      directory.writeUInt32LE(1, 6 + index * 12);
      directory.writeUInt32LE(value, 10 + index * 12);
    }
    offset += directory.length + pixels.length;
    if (page < pages - 1) directory.writeUInt32LE(offset, directory.length - 4);
    parts.push(directory, pixels);
  }
  return Buffer.concat(parts);
}

const SVGS = [
  '<svg xmlns="http://www.w3.org/2000/svg"><image href="/etc/passwd"/></svg>',
  '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY e SYSTEM "file:///etc/passwd">]><svg>&e;</svg>',
  '<!-- --><svg width="1000000" height="1000000"/>',
  ' \n\t<svg/>',
];

/** Pictures that lie, are broken or odd: name, what reading them gives, and how to make them. */
export const HOSTILE_IMAGES: readonly [string, string, () => Uint8Array | Promise<Uint8Array>][] = [
  ['nothing.png', 'image-unsupported', () => Buffer.alloc(0)],
  ['zero-wide.png', 'image-corrupt', () => png(0, 10, deflateSync(Buffer.alloc(10)))],
  ['zero-high.png', 'image-corrupt', () => png(10, 0, deflateSync(Buffer.alloc(10)))],
  ['zero-size.jpg', 'image-corrupt', () => jpegClaiming(0, 0)],
  ['claims-2-gigapixels.png', 'image-too-large', () => png(50_000, 40_000, deflateSync(Buffer.alloc(10)))],
  ['claims-4-gigapixels.jpg', 'image-too-large', () => jpegClaiming(65_500, 65_500)],
  ['thin.png', 'image-too-large', () => png(40_000, 1, deflateSync(Buffer.alloc(40_001)))],
  ['bomb-inside-the-limit.png', 'no-symbol', () => png(7_000, 7_000, deflateSync(Buffer.alloc(7_001 * 7_000)))],
  [
    'text-bomb.png',
    'no-symbol',
    () => {
      const bomb = Buffer.concat([Buffer.from('Comment\0\0', 'latin1'), deflateSync(Buffer.alloc(200_000_000))]);
      return png(20, 20, deflateSync(Buffer.alloc(21 * 20)), pngChunk('zTXt', bomb));
    },
  ],
  ['cut.jpg', 'image-corrupt', async () => (await mark().jpeg().toBuffer()).subarray(0, 3_000)],
  ['cut.png', 'image-corrupt', async () => (await mark().png().toBuffer()).subarray(0, 500)],
  ['cut.tif', 'image-corrupt', async () => (await mark().tiff({ compression: 'lzw' }).toBuffer()).subarray(0, 900)],
  [
    'noise-after-signature.tif',
    'image-corrupt',
    () => Buffer.concat([Buffer.from('II*\0'), namedBytes('tiff', 5_000)]),
  ],
  [
    'noise-after-signature.jpg',
    'image-corrupt',
    () => Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), namedBytes('j', 9_000)]),
  ],
  ['a-jpeg-called.png', 'read', () => mark().jpeg().toBuffer()],
  ['a-png-called.tif', 'read', () => mark().png().toBuffer()],
  ['a-tiff-called.exe', 'read', () => mark().tiff().toBuffer()],
  ['sixteen-bit.png', 'read', () => mark().toColourspace('grey16').png().toBuffer()],
  ['sixteen-bit.tif', 'read', () => mark().toColourspace('grey16').tiff().toBuffer()],
  ['alpha.png', 'read', () => mark().toColourspace('srgb').ensureAlpha(0.999).png().toBuffer()],
  ['cmyk.jpg', 'read', () => mark().toColourspace('cmyk').jpeg().toBuffer()],
  ['cmyk.tif', 'read', () => mark().toColourspace('cmyk').tiff().toBuffer()],
  ['200-pages.tif', 'read', () => tiffOfPages(200, 0)],
  ['mark-on-page-two.tif', 'read', () => tiffOfPages(3, 1)],
  ['mark.gif', 'read', () => mark().gif().toBuffer()],
  ['mark.webp', 'read', () => mark().webp().toBuffer()],
  ['65,535-pixels-a-side.gif', 'image-too-large', () => hugeGif()],
  ['a-million-frames.gif', 'image-too-large', () => manyFrames()],
  ['3-million-pixels-in-runs.bmp', 'no-symbol', () => runsBmp(2_000, 1_500)],
  ['16-million-pixels-in-runs.bmp', 'image-too-large', () => runsBmp(4_000, 4_000)],
  ['palette-of-4-billion.bmp', 'no-symbol', () => paletteBmp()],
  ...SVGS.map((svg, index): [string, string, () => Buffer] => [
    `${index}.svg`,
    'image-unsupported',
    () => Buffer.from(svg),
  ]),
];
