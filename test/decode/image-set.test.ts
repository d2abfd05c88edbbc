import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, describe, it } from 'node:test';
import {
  createGeneralReader,
  createMarkReader,
  createZxingWasmReader,
  type MarkReader,
  readImage,
} from '../../decode/index.ts';

const FOLDER = new URL('../images/', import.meta.url);

/**
 * Pictures of each class read right: by the whole ladder, and by zxing-wasm alone. Pinned: a lost picture fails the test,
 * and so does one gained, until it is written down here. The pictures come from test/support/write-image-set.ts.
 */
const COUNTS: Readonly<Record<string, readonly [own: number, general: number]>> = {
  'all together': [2, 2],
  'blur 0.5 modules': [2, 0],
  'blur 0.65 modules': [2, 0],
  'broken timing border': [2, 0],
  'cancellation lines over 60 %': [2, 0],
  'cancellation lines over 85 %': [2, 0],
  'contrast 150 on 200': [2, 1],
  'dead nozzle lines': [2, 0],
  'dot gain +30 %': [2, 0],
  'dot gain -30 %': [2, 0],
  'face, all together': [1, 1],
  'face, clean': [1, 1],
  'face, dead nozzle lines': [1, 0],
  'face, rotated ±15°': [1, 1],
  'face, shadow': [1, 1],
  'face, three smudges': [1, 1],
  'module jitter': [2, 1],
  'noise 40': [2, 0],
  'print in the quiet zone': [2, 2],
  'rotated ±15°': [2, 2],
  'rotated ±3°': [2, 2],
  'six smudges': [2, 0],
  'three smudges': [2, 2],
  blurred: [2, 2],
  clean: [2, 2],
  noisy: [2, 2],
  scratch: [2, 0],
  shadow: [2, 2],
  smudged: [2, 2],
};

interface Expected {
  readonly class: string;
  readonly payload: string;
}

function isExpected(value: unknown): value is Record<string, Expected> {
  return typeof value === 'object' && value !== null;
}

let own: MarkReader;
let general: MarkReader;
const expected = new Map<string, Expected>();
before(async () => {
  const zxing = await createZxingWasmReader();
  own = createMarkReader(zxing);
  general = createGeneralReader(zxing);
  const parsed: unknown = JSON.parse(await readFile(new URL('expected.json', FOLDER), 'utf8'));
  assert.ok(isExpected(parsed));
  for (const [file, entry] of Object.entries(parsed)) expected.set(file, entry);
});

async function isRead(bytes: Uint8Array, payload: string, reader: MarkReader): Promise<boolean> {
  const outcome = await readImage(bytes, reader);
  if (!('mark' in outcome)) return false;
  assert.equal(Buffer.from(outcome.mark.bytes).toString('base64'), payload, 'never a wrong reading');
  return true;
}

describe('the committed pictures', () => {
  it('are read as often as ever, class by class, and what the general reader reads alone is not lost', async () => {
    const counts: Record<string, [number, number]> = {};
    for (const [file, { class: kind, payload }] of expected) {
      const bytes = await readFile(new URL(file, FOLDER));
      const [byOwn, byGeneral] = [await isRead(bytes, payload, own), await isRead(bytes, payload, general)];
      assert.ok(byOwn || !byGeneral, `${file} is read by the general reader alone`);
      const [ownCount, generalCount] = counts[kind] ?? [0, 0];
      counts[kind] = [ownCount + Number(byOwn), generalCount + Number(byGeneral)];
    }
    assert.deepEqual(counts, COUNTS);
  });
});
