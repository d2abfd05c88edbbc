import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { crc32, deflateSync } from 'node:zlib';
import { type ImageAnswer, ImageReaders } from '../../decode/index.ts';
import { READER_MS_MAX } from '../../decode/limits.ts';
import { SmallWorld } from '../support/marks.ts';
import { namedBytes, symbolImage } from '../support/pictures.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** More than any image within the limits needs; a process above it is killed, and its image answered by reader-failed. */
const RESIDENT_BYTES_MAX = 900_000_000;

let readers: ImageReaders;
before(() => {
  readers = new ImageReaders(1, undefined, { imageMsMax: READER_MS_MAX, residentBytesMax: RESIDENT_BYTES_MAX });
});
after(() => readers.close());

function outcomeOf(answer: ImageAnswer): string {
  return 'failure' in answer ? answer.failure : 'read';
}

const payload = new SmallWorld(1, 1).frank();
const mark = () => symbolImage('datamatrix', payload);

function pngChunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(data.length, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}

/** A PNG that claims a size and brings the data given. */
function png(width: number, height: number, data: Uint8Array, ...extra: Buffer[]): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  const chunks = [pngChunk('IHDR', header), ...extra, pngChunk('IDAT', data), pngChunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([signature, ...chunks]);
}

/** A JPEG whose frame header claims another size. */
async function jpegClaiming(width: number, height: number): Promise<Buffer> {
  const bytes = await mark().jpeg().toBuffer();
  const frame = bytes.indexOf(Buffer.from([0xff, 0xc0]));
  bytes.writeUInt16BE(height, frame + 5);
  bytes.writeUInt16BE(width, frame + 7);
  return bytes;
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

const cases: [string, string, () => Uint8Array | Promise<Uint8Array>][] = [
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
  ['mark-on-page-two.tif', 'no-symbol', () => tiffOfPages(3, 1)],
  ['animated.gif', 'image-unsupported', () => mark().gif().toBuffer()],
  ['animated.webp', 'image-unsupported', () => mark().webp().toBuffer()],
  ...SVGS.map((svg, index): [string, string, () => Buffer] => [
    `${index}.svg`,
    'image-unsupported',
    () => Buffer.from(svg),
  ]),
];

describe('hostile and odd images, through the processes of the pipeline', () => {
  for (const [name, expected, make] of cases) {
    it(`${name}: ${expected}`, async (test) => {
      const path = join(await temporaryFolder(test), name);
      await writeFile(path, await make());
      assert.equal(outcomeOf(await readers.read({ path })), expected);
    });
  }

  it('a symbol cut or overwritten anywhere is read right or refused: no crash, no wrong reading', async (test) => {
    const folder = await temporaryFolder(test);
    await mkdir(folder, { recursive: true });
    const outcomes = new Map<string, number>();
    for (const [extension, whole] of [
      ['jpg', await mark().jpeg().toBuffer()],
      ['png', await mark().png().toBuffer()],
      ['tif', await mark().tiff({ compression: 'lzw' }).toBuffer()],
    ] as const) {
      for (let at = 20; at < whole.length; at += Math.ceil(whole.length / 25)) {
        const path = join(folder, `${at}.${extension}`);
        await writeFile(path, Buffer.from(whole).fill(0xa5, at, at + 4));
        const answer = await readers.read({ path });
        if ('bytes' in answer) assert.deepEqual(Buffer.from(answer.bytes), payload);
        const outcome = outcomeOf(answer);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
    }
    const allowed = new Set(['read', 'no-symbol', 'image-corrupt', 'image-unsupported', 'image-too-large']);
    assert.deepEqual(
      [...outcomes.keys()].filter((outcome) => !allowed.has(outcome)),
      [],
    );
  });
});
