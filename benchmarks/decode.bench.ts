import {
  createGeneralReader,
  createMarkReader,
  createZxingJsReader,
  createZxingWasmReader,
  type MarkReader,
  readImage,
} from '../decode/index.ts';
import type { MarkDamage } from '../psd-sim/printer.ts';
import { type ScannedImage, takeScan } from '../psd-sim/scanner.ts';
import { SmallWorld } from '../test/support/marks.ts';
import { machine, markdownTable, median, quantile } from './table.ts';

/**
 * How many pictures of the simulated scanner each symbol reader reads behind the same port, and how long a picture
 * takes, getting the pixels included. One thread; the readers take turns picture by picture.
 */

const CLASSES: readonly { name: string; view: 'crop' | 'face'; damage: MarkDamage; pictures: number }[] = [
  { name: 'crop', view: 'crop', damage: 'none', pictures: 100 },
  { name: 'crop, lightly smudged', view: 'crop', damage: 'light smudge', pictures: 100 },
  { name: 'face', view: 'face', damage: 'none', pictures: 40 },
  { name: 'face, lightly smudged', view: 'face', damage: 'light smudge', pictures: 40 },
];

// Genuine marks: the ladder ends with the first indicium, and noise would send it through every rung.
const world = new SmallWorld(1, 1);
const general = await createZxingWasmReader();
const readers: readonly MarkReader[] = [
  createMarkReader(general),
  createGeneralReader(general),
  createGeneralReader(createZxingJsReader()),
];
const rows: string[][] = [];
for (const { name, view, damage, pictures } of CLASSES) {
  const outcomes = readers.map(() => ({ right: 0, wrong: 0, ms: [] as number[] }));
  // All pictures are there before the clock starts: making one leaves garbage that the next reading would pay for.
  const made = Array.from({ length: pictures }, (_, index) => picture(view, damage, index));
  for (const { payload, image } of made) {
    for (const [which, reader] of readers.entries()) {
      const startedAtMs = performance.now();
      const outcome = await readImage(image.bytes, reader);
      const own = outcomes[which];
      if (own === undefined) continue;
      own.ms.push(performance.now() - startedAtMs);
      if (!('mark' in outcome)) continue;
      if (payload.equals(outcome.mark.bytes)) own.right += 1;
      else own.wrong += 1;
    }
  }
  for (const [which, reader] of readers.entries()) {
    const { right = 0, wrong = 0, ms = [] } = outcomes[which] ?? {};
    rows.push([
      name,
      reader.name,
      `${((100 * right) / pictures).toFixed(1)} %`,
      `${wrong}`,
      median(ms).toFixed(2),
      quantile(ms, 0.95).toFixed(2),
    ]);
  }
}
process.stdout.write(`${machine()}\n\n`);
process.stdout.write(markdownTable(['pictures', 'reader', 'read', 'read wrong', 'median ms', 'p95 ms'], rows));

function picture(view: 'crop' | 'face', damage: MarkDamage, index: number): { payload: Buffer; image: ScannedImage } {
  const payload = world.frank();
  const image = takeScan({
    view,
    damage,
    pieceSeed: `piece ${index}`,
    scanSeed: `scan ${index}`,
    piece: {
      payload,
      town: 'Shelton',
      dateText: '2026-11-20',
      amountText: '0.730',
      license: 700_137,
      sender: ['Naugatuck Paper'],
      addressee: ['Box 12', '12 Main St', 'Madison CT 06443'],
    },
  });
  return { payload, image };
}
