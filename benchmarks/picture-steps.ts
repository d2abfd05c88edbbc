import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readImageFile } from '../decode/image-file.ts';
import { createMarkReader, createZxingWasmReader, readImage } from '../decode/index.ts';
import { openPages } from '../decode/pixels.ts';
import { ImageReaders } from '../decode/process/index.ts';
import { processorMsOfChildren } from './processor-time.ts';

/** Processor milliseconds of a picture, step by step, each measured alone. */
export interface PictureSteps {
  readonly file: number;
  readonly opening: number;
  readonly pixels: number;
  /** Locating the symbol and reading it, and what was tried before. */
  readonly reading: number;
  /** Order and answer, in both processes. */
  readonly message: number;
}

/** A picture is looked at so often before its time counts. */
const WARMING = 400;

/** Medians are of no use for what is spent now and then: these are means over all pictures. */
export async function stepsOf(day: string, isRead: (name: string) => boolean): Promise<PictureSteps> {
  const folder = join(day, 'images');
  const paths = (await readdir(folder)).filter(isRead).map((name) => join(folder, name));
  const reader = createMarkReader(await createZxingWasmReader());
  const files = paths.map((path) => readImageFile(path)).filter((bytes) => typeof bytes !== 'string');
  const opened = async (bytes: Uint8Array) => {
    const pages = await openPages(bytes);
    if (typeof pages === 'string') throw new Error(`a picture of the day does not open: ${pages}`);
    const [page] = pages.pages;
    if (page === undefined || typeof page === 'string') throw new Error('a picture of the day has no page');
    return page;
  };
  const toPixels = async (bytes: Uint8Array) => {
    const page = await opened(bytes);
    // Of a face the reader asks for the part where the mark belongs.
    const isFace = page.width >= 800;
    const left = isFace ? page.width >> 1 : 0;
    const height = isFace ? Math.ceil(page.height * 0.4) : page.height;
    await page.grey({ left, top: 0, width: page.width - left, height });
  };
  const file = await meanMs(paths, async (path) => void readImageFile(path));
  const opening = await meanMs(files, opened);
  const pixels = (await meanMs(files, toPixels)) - opening;
  const whole = await meanMs(files, (bytes) => readImage(bytes, reader));
  return { file, opening, pixels, reading: whole - opening - pixels, message: await messageMs() };
}

async function meanMs<Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>): Promise<number> {
  for (let index = 0; index < WARMING; index++) {
    const item = items[index % items.length];
    if (item !== undefined) await work(item);
  }
  const before = process.cpuUsage();
  for (const item of items) await work(item);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / items.length;
}

const ORDERS = 8_000;

async function messageMs(): Promise<number> {
  const readers = new ImageReaders(1, new URL('answering-reader.ts', import.meta.url));
  const round = (orders: number) =>
    Promise.all(Array.from({ length: orders }, (_, index) => readers.read({ path: `images/${index}.png` })));
  await round(2_000);
  const [own, children] = [process.cpuUsage(), processorMsOfChildren(process.pid)];
  await round(ORDERS);
  const { user, system } = process.cpuUsage(own);
  const ms = (user + system) / 1000 + processorMsOfChildren(process.pid) - children;
  readers.close();
  return ms / ORDERS;
}
