import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { degradedCrop, type GreyPicture, squareSymbol } from './degraded.ts';
import { degradedFace } from './degraded-face.ts';
import { EASY_CLASSES, HARD_CLASSES } from './image-classes.ts';
import { SmallWorld } from './marks.ts';

/**
 * Writes the small set of degraded pictures that test/decode/image-set.test.ts pins: run once, by hand, when a class is
 * added (signatures are made anew each time).
 */
const FOLDER = new URL('../images/', import.meta.url);
const CROPS_PER_CLASS = 2;
const FACE_CLASSES = ['clean', 'rotated ±15°', 'shadow', 'three smudges', 'dead nozzle lines', 'all together'];

const world = new SmallWorld(1, 1, 'image set');
const expected: Record<string, { class: string; payload: string }> = {};

async function write(name: string, kind: string, picture: GreyPicture, payload: Buffer, quality: number) {
  const { width, height, pixels } = picture;
  const jpeg = await sharp(pixels, { raw: { width, height, channels: 1 } })
    .jpeg({ quality })
    .toBuffer();
  await writeFile(new URL(`${name}.jpg`, FOLDER), jpeg);
  expected[`${name}.jpg`] = { class: kind, payload: payload.toString('base64') };
}

await mkdir(fileURLToPath(FOLDER), { recursive: true });
const classes = Object.entries({ ...EASY_CLASSES, ...HARD_CLASSES });
for (const [number, [kind, damage]] of classes.entries()) {
  for (let index = 1; index <= CROPS_PER_CLASS; index++) {
    const payload = world.frank();
    const picture = degradedCrop(squareSymbol(payload, 44), damage, `committed ${kind} ${index}`);
    await write(`crop-${String(number).padStart(2, '0')}-${index}`, kind, picture, payload, 80);
  }
}
for (const [number, kind] of FACE_CLASSES.entries()) {
  const payload = world.frank();
  const damage = { ...EASY_CLASSES, ...HARD_CLASSES }[kind] ?? {};
  const picture = degradedFace(squareSymbol(payload, 44), damage, `committed ${kind}`);
  await write(`face-${number}`, `face, ${kind}`, picture, payload, 60);
}
await writeFile(new URL('expected.json', FOLDER), `${JSON.stringify(expected, null, 2)}\n`);
