import assert from 'node:assert/strict';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import sharp from 'sharp';
import { hasImageEnd } from '../../ingest/drop/whole-image.ts';
import { namedBytes } from '../support/pictures.ts';
import { temporaryFolder } from '../support/temporary.ts';

const grey = () => sharp(namedBytes('noise', 64 * 48), { raw: { width: 64, height: 48, channels: 1 } });

const kinds: [string, () => Promise<Buffer>][] = [
  ['a PNG', () => grey().png().toBuffer()],
  ['a JPEG', () => grey().jpeg().toBuffer()],
  ['a progressive JPEG', () => grey().jpeg({ progressive: true }).toBuffer()],
  ['a TIFF', () => grey().tiff({ compression: 'none' }).toBuffer()],
  ['a TIFF with several strips, compressed', () => grey().tiff({ compression: 'lzw' }).toBuffer()],
  ['a TIFF of tiles', () => grey().tiff({ tile: true, tileWidth: 16, tileHeight: 16 }).toBuffer()],
  ['a big-endian TIFF', () => Promise.resolve(bigEndianTiff())],
];

/** Eight grey pixels in two strips whose directory lies before them. */
function bigEndianTiff(): Buffer {
  const bytes = Buffer.alloc(8 + 2 + 3 * 12 + 4 + 16 + 8);
  const strips = bytes.length - 8;
  bytes.write('MM\0*', 'latin1');
  bytes.writeUInt32BE(8, 4);
  bytes.writeUInt16BE(3, 8);
  const entry = (index: number, tag: number, type: number, count: number, value: number) => {
    const at = 10 + index * 12;
    bytes.writeUInt16BE(tag, at);
    bytes.writeUInt16BE(type, at + 2);
    bytes.writeUInt32BE(count, at + 4);
    bytes.writeUInt32BE(value, at + 8);
  };
  entry(0, 256, 4, 1, 4);
  entry(1, 273, 4, 2, strips - 16);
  entry(2, 279, 4, 2, strips - 8);
  bytes.writeUInt32BE(strips, strips - 16);
  bytes.writeUInt32BE(strips + 4, strips - 12);
  bytes.writeUInt32BE(4, strips - 8);
  bytes.writeUInt32BE(4, strips - 4);
  return bytes;
}

describe('an image that is not written to its end', () => {
  for (const [what, make] of kinds) {
    it(`is noticed wherever ${what} was cut off`, async (test) => {
      const bytes = await make();
      const path = join(await temporaryFolder(test), 'image');
      await writeFile(path, bytes);
      assert.equal(await hasImageEnd(path), true, 'whole');
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 0, max: bytes.length - 1 }), async (length) => {
          await writeFile(path, bytes.subarray(0, length));
          assert.equal(await hasImageEnd(path), false);
        }),
        { numRuns: 60, examples: [[0], [1], [8], [bytes.length - 1]] },
      );
    });
  }

  it('is a JPEG whose blocks are filled up with zeros, when it is whole', async (test) => {
    const path = join(await temporaryFolder(test), 'image');
    const bytes = await grey().jpeg().toBuffer();
    await writeFile(path, Buffer.concat([bytes, Buffer.alloc(4_096)]));
    assert.equal(await hasImageEnd(path), true);
    await writeFile(path, Buffer.concat([bytes.subarray(0, -2), Buffer.alloc(4_096)]));
    assert.equal(await hasImageEnd(path), false);
  });

  it('cannot be told of what is not an image, not there, or behind a link', async (test) => {
    const folder = await temporaryFolder(test);
    const path = join(folder, 'image.png');
    await writeFile(path, await grey().png().toBuffer());
    await symlink(path, join(folder, 'link.png'));
    await writeFile(join(folder, 'text.png'), 'no picture');
    for (const name of ['link.png', 'text.png', 'nowhere.png']) {
      assert.equal(await hasImageEnd(join(folder, name)), false, name);
    }
  });
});
