import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createZxingWasmReader } from '../decode/index.ts';
import { createZxingJsReader } from '../decode/second/zxing-js.ts';
import { degradedCrop, squareSymbol } from '../test/support/degraded.ts';
import { EASY_CLASSES, HARD_CLASSES, HARDEST_CLASSES, HARDEST_SYMBOLS } from '../test/support/image-classes.ts';
import { namedBytes } from '../test/support/pictures.ts';
import { benchFaces } from './decode-faces.ts';
import { benchNoise } from './decode-noise.ts';
import {
  type CropReader,
  commandReaders,
  findCommands,
  laddered,
  ownReader,
  tuned,
  zxingDefaults,
} from './decode-peers.ts';
import { plotRatios } from './plot.ts';
import { type ClassRow, plotClasses } from './plot-classes.ts';
import { count, machine, markdownTable, median, quantile } from './table.ts';

/**
 * Read rates and times of symbol readers over classes of generated pictures with fixed seeds. Crops are handed to the
 * readers as grey pixels; faces as files, so that getting the pixels counts. INDICIA_PICTURES sets the crops of a class (20).
 */

const PICTURES = Number(process.env.INDICIA_PICTURES ?? 20);
/** A command is started anew for each picture: a part of them tells enough. */
const COMMAND_PICTURES = Math.min(PICTURES, 10);
/** With so many crops a class, there are as many faces as their classes say. */
const FACES_AS_THEY_ARE = 40;
/** Modules of a side, and bytes that fit into it. */
type SymbolSize = readonly [size: number, payloadBytes: number];
const SIZE: SymbolSize = [48, 130];

interface Tally {
  right: number;
  wrong: number;
  tried: number;
  ms: number[];
}

const folder = await mkdtemp(join(tmpdir(), 'indicia-decode-'));
const zxing = await createZxingWasmReader();
const commands = findCommands();
const readers: readonly CropReader[] = [
  ownReader(),
  await zxingDefaults(),
  tuned(zxing, 'zxing-wasm, tuned'),
  laddered(zxing, 'zxing-wasm, three thresholds'),
  tuned(createZxingJsReader(), '@zxing/library'),
  ...commandReaders(join(folder, 'crop.pgm'), commands.installed),
];

type Classes = Readonly<Record<string, Parameters<typeof degradedCrop>[1]>>;

interface Run {
  readonly rows: string[][];
  readonly totals: Tally[];
  readonly classes: ClassRow[];
}

function runClasses(classes: Classes, sizes: readonly SymbolSize[] = [SIZE]): Run {
  const totals = readers.map(() => emptyTally());
  const plotted: ClassRow[] = [];
  const rows = Object.entries(classes).map(([name, damage]) => {
    const tallies = runClass(name, damage, sizes);
    plotted.push({ label: name, shares: tallies.map(({ right, tried }) => (tried === 0 ? null : right / tried)) });
    for (const [which, tally] of tallies.entries()) add(totals[which], tally);
    return [name, ...tallies.map(cellOf)];
  });
  return { rows, totals, classes: plotted };
}

function runClass(name: string, damage: Classes[string], sizes: readonly SymbolSize[]): Tally[] {
  const pictures = Array.from({ length: PICTURES }, (_, index) => {
    const [size, payloadBytes] = sizes[index % sizes.length] ?? SIZE;
    const payload = namedBytes(`${name} ${index}`, payloadBytes);
    return { payload, image: degradedCrop(squareSymbol(payload, size), damage ?? {}, `${name} ${index}`) };
  });
  const tallies = readers.map(() => emptyTally());
  // The readers take turns picture by picture, so that all of them meet what else the machine does.
  for (const [index, { payload, image }] of pictures.entries()) {
    for (const [which, reader] of readers.entries()) {
      const tally = tallies[which];
      if (tally === undefined || (!reader.isTimed && index >= COMMAND_PICTURES)) continue;
      const startedAtMs = performance.now();
      const bytes = reader.read(image);
      tally.ms.push(performance.now() - startedAtMs);
      tally.tried += 1;
      if (bytes === null) continue;
      if (payload.equals(bytes)) tally.right += 1;
      else tally.wrong += 1;
    }
  }
  return tallies;
}

function emptyTally(): Tally {
  return { right: 0, wrong: 0, tried: 0, ms: [] };
}

function add(total: Tally | undefined, tally: Tally): void {
  if (total === undefined) return;
  total.right += tally.right;
  total.wrong += tally.wrong;
  total.tried += tally.tried;
  total.ms.push(...tally.ms);
}

function percent({ right, tried }: Tally): string {
  return `${((100 * right) / tried).toFixed(1)} %`;
}

function cellOf(tally: Tally, which: number): string {
  return readers[which]?.isTimed === true ? `${percent(tally)}, ${median(tally.ms).toFixed(2)}` : percent(tally);
}

// Code that has not run a few hundred times runs slowly, in each of the readers.
runClasses({
  clean: {},
  'all together': EASY_CLASSES['all together'] ?? {},
  'six smudges': HARD_CLASSES['six smudges'] ?? {},
});

process.stdout.write(`${machine()}; zxing-wasm 3.1.4, @zxing/library 0.23.0\n\n`);
if (commands.missing.length > 0)
  process.stdout.write(`Not installed, and left out: ${commands.missing.join(', ')}\n\n`);
process.stdout.write(
  `### Crops: ${SIZE[0]} × ${SIZE[0]} modules of 3 to 5 pixels, ${SIZE[1]} random bytes, ${count(PICTURES)} a class\n\n` +
    'Read rate, and median milliseconds of one thread with the pixels given.\n\n',
);
const headings = ['class', ...readers.map(({ name }) => name)];
const easy = runClasses(EASY_CLASSES);
const hard = runClasses(HARD_CLASSES);
const hardest = runClasses(HARDEST_CLASSES, HARDEST_SYMBOLS);
const sums = (name: string, totals: readonly Tally[]) => [name, ...totals.map((tally) => percent(tally))];
process.stdout.write(
  markdownTable(headings, [
    ...easy.rows,
    sums('**these together**', easy.totals),
    ...hard.rows,
    sums('**the harder set together**', hard.totals),
    ...hardest.rows,
    sums('**the hardest set together**', hardest.totals),
  ]),
);
process.stdout.write('\nOver all crops:\n\n');
process.stdout.write(
  markdownTable(
    ['reader', 'pictures', 'read', 'read wrong', 'median ms', 'p95 ms', 'p99 ms'],
    readers.map(({ name, isTimed }, which) => {
      const tally = emptyTally();
      add(tally, easy.totals[which] ?? emptyTally());
      add(tally, hard.totals[which] ?? emptyTally());
      add(tally, hardest.totals[which] ?? emptyTally());
      const times = [0.5, 0.95, 0.99].map((share) => (isTimed ? quantile(tally.ms, share).toFixed(2) : '–'));
      return [name, count(tally.tried), percent(tally), `${tally.wrong}`, ...times];
    }),
  ),
);

plotRatios(
  'decode',
  'Share of the harder crops that is read',
  readers.map(({ name }, which) => {
    const { right = 0, tried = 1 } = hard.totals[which] ?? {};
    return { label: name, value: right / tried };
  }),
  [0.93],
);
plotClasses(
  'decode-classes',
  'Percent of the crops of each class that is read',
  readers.map(({ name }) => name),
  [
    ...easy.classes,
    { label: 'the harder set:', shares: [] },
    ...hard.classes,
    { label: 'the hardest set:', shares: [] },
    ...hardest.classes,
  ],
);

await benchFaces(folder, PICTURES / FACES_AS_THEY_ARE);
benchNoise();
await rm(folder, { recursive: true });
