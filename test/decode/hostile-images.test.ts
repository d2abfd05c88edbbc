import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { READER_MS_MAX } from '../../decode/limits.ts';
import { type ImageAnswer, ImageReaders } from '../../decode/process/index.ts';
import type { GreyImage } from '../../decode/symbol-reader.ts';
import { HOSTILE_IMAGES, HOSTILE_PAYLOAD, mark } from '../support/hostile-images.ts';
import { bmpOf } from '../support/image-writers.ts';
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

async function greyMark(): Promise<GreyImage> {
  const { data, info } = await mark().greyscale().raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, pixels: data };
}

describe('hostile and odd images, through the processes of the pipeline', () => {
  for (const [name, expected, make] of HOSTILE_IMAGES) {
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
      ['gif', await mark().gif().toBuffer()],
      ['webp', await mark().webp().toBuffer()],
      ['bmp', bmpOf(await greyMark(), { bits: 8 })],
    ] as const) {
      for (let at = 20; at < whole.length; at += Math.ceil(whole.length / 25)) {
        const path = join(folder, `${at}.${extension}`);
        await writeFile(path, Buffer.from(whole).fill(0xa5, at, at + 4));
        const answer = await readers.read({ path });
        if ('bytes' in answer) assert.deepEqual(Buffer.from(answer.bytes), HOSTILE_PAYLOAD);
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
