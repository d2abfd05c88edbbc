import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import {
  createGeneralReader,
  createMarkReader,
  createZxingWasmReader,
  type MarkReader,
  readImage,
} from '../decode/index.ts';
import { openPages } from '../decode/pixels.ts';
import { ImageReaders } from '../decode/process/index.ts';
import { createZxingJsReader } from '../decode/second/zxing-js.ts';
import { type Damage, type GreyPicture, squareSymbol } from '../test/support/degraded.ts';
import { degradedFace } from '../test/support/degraded-face.ts';
import { EASY_CLASSES, HARD_CLASSES } from '../test/support/image-classes.ts';
import { SmallWorld } from '../test/support/marks.ts';
import { zxingDefaults } from './decode-peers.ts';
import { count, markdownTable, median, quantile } from './table.ts';

type Encoding = 'JPEG' | 'TIFF G4';

const CLASSES: readonly { name: string; damage: Damage; encoding: Encoding; pictures: number }[] = [
  { name: 'clean', damage: {}, encoding: 'JPEG', pictures: 20 },
  { name: 'rotated ±15°', damage: EASY_CLASSES['rotated ±15°'] ?? {}, encoding: 'JPEG', pictures: 12 },
  { name: 'noisy', damage: EASY_CLASSES.noisy ?? {}, encoding: 'JPEG', pictures: 12 },
  { name: 'smudged', damage: EASY_CLASSES.smudged ?? {}, encoding: 'JPEG', pictures: 12 },
  { name: 'shadow', damage: HARD_CLASSES.shadow ?? {}, encoding: 'JPEG', pictures: 12 },
  { name: 'contrast 150 on 200', damage: HARD_CLASSES['contrast 150 on 200'] ?? {}, encoding: 'JPEG', pictures: 12 },
  { name: 'dead nozzle lines', damage: HARD_CLASSES['dead nozzle lines'] ?? {}, encoding: 'JPEG', pictures: 12 },
  { name: 'all together', damage: EASY_CLASSES['all together'] ?? {}, encoding: 'JPEG', pictures: 30 },
  { name: 'clean, TIFF G4', damage: {}, encoding: 'TIFF G4', pictures: 12 },
  { name: 'all together, TIFF G4', damage: EASY_CLASSES['all together'] ?? {}, encoding: 'TIFF G4', pictures: 12 },
];
const QUALITIES = [60, 70, 80, 90];

interface FileReader {
  readonly name: string;
  readonly read: (bytes: Uint8Array) => Promise<Uint8Array | null>;
}

/** Whole faces as files, that share of each class: rate and time with the pixels made from the file, then faces a second in processes. */
export async function benchFaces(folder: string, share: number): Promise<void> {
  const zxing = await createZxingWasmReader();
  const defaults = await zxingDefaults();
  const readers: readonly FileReader[] = [
    fileReader(createMarkReader(zxing)),
    {
      name: defaults.name,
      async read(bytes) {
        const opened = await openPages(bytes);
        const picture = typeof opened === 'string' ? undefined : opened.pages[0];
        if (picture === undefined || typeof picture === 'string') return null;
        const image = await picture.grey({ left: 0, top: 0, width: picture.width, height: picture.height });
        return typeof image === 'string' ? null : defaults.read(image);
      },
    },
    { ...fileReader(createGeneralReader(zxing)), name: 'zxing-wasm, tuned, with a ladder' },
    fileReader(createGeneralReader(createZxingJsReader())),
  ];
  process.stdout.write('\n### Faces: 2000 × 880 pixels, a 44 × 44 mark at the top right, JPEG of quality 60 to 90\n\n');
  process.stdout.write('Read rate, median and p95 milliseconds of one thread, getting the pixels included.\n\n');
  const world = new SmallWorld(1, 1);
  const rows: string[][] = [];
  const clean: string[] = [];
  const wrong = readers.map(() => 0);
  for (const { name, damage, encoding, pictures: whole } of CLASSES) {
    const pictures = Math.max(1, Math.round(whole * share));
    const files: { payload: Buffer; bytes: Buffer }[] = [];
    for (let index = 0; index < pictures; index++) {
      const payload = world.frank();
      const face = degradedFace(squareSymbol(payload, 44), damage, `${name} ${index}`);
      files.push({ payload, bytes: await encode(face, encoding, index) });
    }
    const tallies = readers.map(() => ({ right: 0, ms: [] as number[] }));
    // One reader after another, since each would pay for the garbage of the one before if they took turns.
    for (const [which, reader] of readers.entries()) {
      const tally = tallies[which];
      if (tally === undefined) continue;
      for (const { payload, bytes } of files) {
        const startedAtMs = performance.now();
        const read = await reader.read(bytes);
        tally.ms.push(performance.now() - startedAtMs);
        if (read === null) continue;
        if (payload.equals(read)) tally.right += 1;
        else wrong[which] = (wrong[which] ?? 0) + 1;
      }
    }
    rows.push([
      name,
      ...tallies.map(({ right, ms }) => {
        const times = `${median(ms).toFixed(1)} / ${quantile(ms, 0.95).toFixed(1)}`;
        return `${((100 * right) / pictures).toFixed(1)} %, ${times}`;
      }),
    ]);
    if (name === 'clean' || name === 'smudged') {
      for (const [index, { bytes }] of files.entries()) {
        const path = join(folder, `${name} ${index}.jpg`);
        await writeFile(path, bytes);
        clean.push(path);
      }
    }
  }
  rows.push(['read wrong', ...wrong.map(String)]);
  process.stdout.write(markdownTable(['class', ...readers.map(({ name }) => name)], rows));
  await throughput(clean);
}

function fileReader(reader: MarkReader): FileReader {
  return {
    name: reader.name === 'indicia' ? 'own, with the ladder' : reader.name,
    async read(bytes) {
      const outcome = await readImage(bytes, reader);
      return 'mark' in outcome ? outcome.mark.bytes : null;
    },
  };
}

function encode({ width, height, pixels }: GreyPicture, encoding: Encoding, index: number): Promise<Buffer> {
  const image = sharp(pixels, { raw: { width, height, channels: 1 } });
  if (encoding === 'JPEG') return image.jpeg({ quality: QUALITIES[index % QUALITIES.length] ?? 80 }).toBuffer();
  const bitonal = image.threshold(128).toColourspace('b-w');
  return bitonal.tiff({ compression: 'ccittfax4', bitdepth: 1 }).toBuffer();
}

const THROUGHPUT_READS = 500;

/** The same files again and again through the processes of the pipeline. */
async function throughput(paths: readonly string[]): Promise<void> {
  // Files that are not in the cache of the system would measure the disk.
  for (const path of paths) await readFile(path);
  const rows: string[][] = [];
  let alone = 0;
  for (const processes of [1, 2]) {
    const readers = new ImageReaders(processes);
    const readAll = (times: number) =>
      Promise.all(
        Array.from({ length: times }, (_, index) => readers.read({ path: paths[index % paths.length] ?? '' })),
      );
    await readAll(100);
    const startedAtMs = performance.now();
    await readAll(THROUGHPUT_READS);
    const perSecond = (1000 * THROUGHPUT_READS) / (performance.now() - startedAtMs);
    readers.close();
    if (processes === 1) alone = perSecond;
    rows.push([`${processes}`, count(perSecond), (perSecond / alone).toFixed(2)]);
  }
  process.stdout.write('\nJPEG faces, clean and smudged, through the reading processes:\n\n');
  process.stdout.write(markdownTable(['processes', 'faces a second', 'times one'], rows));
}
