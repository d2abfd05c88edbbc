import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { before, describe, it } from 'node:test';
import { readScans } from '../../app/reader.ts';
import { createReaderPool } from '../../app/reader-pool.ts';
import {
  createMarkReader,
  createZxingWasmReader,
  type MarkReader,
  readImage,
  readImages,
  type SymbolReader,
} from '../../decode/index.ts';
import { bytesAt, rowsOf, SIGNED_BYTES, textAt } from '../../indicium/index.ts';
import { openSource } from '../../ingest/index.ts';
import { encodeGreyPng } from '../../psd-sim/print/grey-png.ts';
import { genuineAmong, KeyRing, NO_TIMES } from '../../verify/index.ts';
import { type Damage, degradedCrop, squareSymbol } from '../support/degraded.ts';
import { scanOf } from '../support/evidence.ts';
import { PRINTED_AT_MS, SmallWorld } from '../support/marks.ts';
import { namedBytes } from '../support/pictures.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** Smudges of solid ink over a third of the mark: beyond what 56 of 200 codewords mend by themselves. */
const HEAVY: Damage = { smudges: 5, smudgedArea: [0.2, 0.24], blur: [0.3, 0.3], noise: [3, 6] };
/** A dozen small smudges: each picture of the piece has its own. */
const SPATTERED: Damage = { ...HEAVY, smudges: 12, smudgedArea: [0.25, 0.3] };
const PIECES = 24;

let general: SymbolReader;
before(async () => {
  general = await createZxingWasmReader();
});

/** Marks of one PSD whose signatures follow from a name, so that the same pictures come again in every run. */
function fixedMarks(): () => Buffer {
  const world = new SmallWorld(1, 1);
  let piece = 0;
  return () => {
    const payload = world.frank();
    namedBytes(`signature ${piece++}`, 64).copy(payload, SIGNED_BYTES);
    return payload;
  };
}

function pictureOf(payload: Uint8Array, damage: Damage, seed: string): Uint8Array {
  const { pixels, width, height } = degradedCrop(squareSymbol(payload, 44), damage, seed);
  return encodeGreyPng(pixels, width, height);
}

/** How many heavily smudged marks are read, and of how many others the right reading is among the candidates. */
async function readHeavy(frank: () => Buffer, readerOf: () => MarkReader): Promise<[number, number]> {
  let [alone, among] = [0, 0];
  for (let piece = 0; piece < PIECES; piece++) {
    const payload = frank();
    const outcome = await readImage(pictureOf(payload, HEAVY, `heavy ${piece}`), readerOf());
    if ('mark' in outcome) {
      assert.ok(payload.equals(outcome.mark.bytes), 'never a wrong reading');
      alone += 1;
    } else if (outcome.candidates.some((candidate) => payload.equals(candidate))) among += 1;
  }
  return [alone, among];
}

describe('the signature as oracle', () => {
  // Pinned: a lost reading fails the test, and so does one gained, until it is written down here.
  it('gets candidates of marks that cannot be read without it', async () => {
    assert.deepEqual(await readHeavy(fixedMarks(), () => createMarkReader(general)), [18, 1]);
  });

  it('gets more of them once marks of the same PSD were read, whose common codewords are filled in', async () => {
    const reader = createMarkReader(general);
    const frank = fixedMarks();
    for (let piece = 0; piece < 3; piece++) await readImage(pictureOf(frank(), {}, `clean ${piece}`), reader);
    assert.deepEqual(await readHeavy(frank, () => reader), [17, 7]);
  });

  it('takes several pictures of a mark together where none of them gives it alone', async () => {
    const frank = fixedMarks();
    const tally = { alone: 0, together: 0, among: 0 };
    for (let piece = 0; piece < PIECES / 2; piece++) {
      const payload = frank();
      const pictures = ['one', 'other'].map((camera) => ({
        bytes: pictureOf(payload, SPATTERED, `${camera} ${piece}`),
      }));
      for (const { bytes } of pictures)
        if ('mark' in (await readImage(bytes, createMarkReader(general)))) tally.alone += 1;
      const outcome = await readImages(pictures, createMarkReader(general));
      if ('mark' in outcome) {
        assert.ok(payload.equals(outcome.mark.bytes), 'never a wrong reading');
        tally.together += 1;
      } else if (outcome.candidates.some((candidate) => payload.equals(candidate))) tally.among += 1;
    }
    assert.deepEqual(tally, { alone: 4, together: 12, among: 0 });
  });

  it('reads all the pictures that a scan names, in the pipeline', async (test) => {
    const folder = await temporaryFolder(test);
    const frank = fixedMarks();
    const lines: string[] = [];
    for (let piece = 0; piece < 3; piece++) {
      const payload = frank();
      for (const camera of ['one', 'other']) {
        await writeFile(join(folder, `${camera}-${piece}.png`), pictureOf(payload, SPATTERED, `${camera} ${piece}`));
      }
      const scan = (scanId: string, image: readonly string[]) => JSON.stringify({ scanId, image });
      lines.push(
        scan(`one ${piece}`, [`one-${piece}.png`]),
        scan(`other ${piece}`, [`other-${piece}.png`]),
        scan(`both ${piece}`, [`one-${piece}.png`, `other-${piece}.png`]),
        scan(`lost ${piece}`, [`one-${piece}.png`, 'nowhere.png']),
      );
    }
    await writeFile(join(folder, 'scans.ndjson'), lines.join('\n'));
    const source = await openSource(folder, Readable.from([]));
    const readers = createReaderPool(() => new SmallWorld(1, 1).registry, 1);
    test.after(() => readers.close());
    const outcomes: Record<string, string[]> = {};
    for await (const { scans } of source.batches(null)) {
      const { columns } = await readers.read(scans);
      for (let row = 0; row < rowsOf(columns); row++) {
        // Read, since the signatures of these marks are made up.
        const outcome = textAt(columns.outcome, row);
        const [camera = ''] = textAt(columns.scanId, row).split(' ');
        outcomes[camera] = [...(outcomes[camera] ?? []), outcome === 'forged' ? 'read' : outcome];
      }
    }
    assert.deepEqual(outcomes, {
      one: ['no-symbol', 'no-symbol', 'read'],
      other: ['no-symbol', 'no-symbol', 'no-symbol'],
      both: ['read', 'read', 'read'],
      lost: ['image-missing', 'image-missing', 'read'],
    });
  });

  it('says no to candidates of another world', async () => {
    const world = new SmallWorld(1, 1);
    const other = new KeyRing(new SmallWorld(1, 1, 'other world').registry);
    assert.equal(genuineAmong([world.frank(), world.frank()], other, NO_TIMES), null);
    assert.equal(genuineAmong([Buffer.from('no indicium')], new KeyRing(world.registry), NO_TIMES), null);
  });

  it('is asked by the readers of the pipeline', () => {
    const world = new SmallWorld(1, 1);
    const right = world.frank();
    const altered = Buffer.from(right);
    altered[60] = (altered[60] ?? 0) ^ 1;
    const { version, keys } = world.registry;
    const answerOf = (candidates: Uint8Array[]) => {
      const scans = [scanOf({ mark: { kind: 'image', path: 'smudged.png' }, scannedAtMs: PRINTED_AT_MS })];
      const images = new Map([[0, { failure: 'no-symbol', candidates, readMs: 1 } as const]]);
      const batch = readScans({ scans, images, givenUp: new Set(), receivedAtMs: null, trust: { version, keys } });
      assert.ok(batch !== null);
      const { outcome, payload } = batch.columns;
      return { outcome: textAt(outcome, 0), payload: Buffer.from(bytesAt(payload, 0)) };
    };
    assert.equal(answerOf([altered, right]).outcome, 'valid');
    assert.deepEqual(answerOf([altered, right]).payload, right);
    assert.equal(answerOf([altered]).outcome, 'no-symbol', 'a reading in doubt accuses nobody of forgery');
  });
});
