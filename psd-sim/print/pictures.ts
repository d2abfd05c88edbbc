import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Piscina } from 'piscina';
import type { ScanEvent } from '../mail/scan-event.ts';
import type { Scenario } from '../scenario.ts';
import type { PrintOrder } from './print-worker.ts';

/** Pictures that one task of a printing worker makes: few, so that progress shows and both workers stay busy. */
const PICTURES_PER_TASK = 16;

export type PictureOptions = Pick<Scenario, 'images' | 'seed'>;

/** Path of each scan's picture, relative to the folder. */
export async function takePictures(
  scenario: PictureOptions,
  events: readonly ScanEvent[],
  folder: string,
  onProgress: (done: number, total: number) => void,
): Promise<Map<string, string>> {
  const imageOf = new Map<string, string>();
  if (scenario.images === 'none') return imageOf;
  await mkdir(join(folder, 'images'), { recursive: true });
  const workers = availableParallelism();
  const pool = new Piscina<readonly PrintOrder[], string[]>({
    filename: new URL('print-worker.ts', import.meta.url).href,
    minThreads: workers,
    maxThreads: workers,
  });
  try {
    const tasks: ScanEvent[][] = [];
    for (let at = 0; at < events.length; at += PICTURES_PER_TASK) tasks.push(events.slice(at, at + PICTURES_PER_TASK));
    await Promise.all(
      tasks.map(async (task, number) => {
        const orders = task.map((event, index) =>
          printOrder(scenario, event, number * PICTURES_PER_TASK + index, folder),
        );
        const extensions = await pool.run(orders);
        for (const [index, event] of task.entries()) {
          imageOf.set(event.scanId, `images/${fileName(event)}.${extensions[index]}`);
        }
        onProgress(imageOf.size, events.length);
      }),
    );
  } finally {
    await pool.destroy();
  }
  return imageOf;
}

export function fileName(event: ScanEvent): string {
  return event.scanId.replaceAll('/', '_');
}

/** What the printing worker needs for one scan; every third picture of `mixed` is a whole face. */
export function printOrder(scenario: PictureOptions, event: ScanEvent, index: number, folder: string): PrintOrder {
  const { piece, scanId } = event;
  const asFace = scenario.images === 'faces' || (scenario.images === 'mixed' && index % 3 === 2);
  return {
    path: join(folder, 'images', fileName(event)),
    job: {
      view: asFace ? 'face' : 'crop',
      damage: piece.damage,
      pieceSeed: `${scenario.seed} ${piece.mailpieceId}`,
      scanSeed: `${scenario.seed} ${scanId}`,
      piece: {
        payload: piece.payload,
        town: piece.town.name,
        dateText: new Date(piece.printedAtMs).toISOString().slice(0, 10),
        amountText: `${piece.postageMills / 1000n}.${String(piece.postageMills % 1000n).padStart(3, '0')}`,
        license: piece.license,
        sender: [piece.holder, `${piece.town.name} ${piece.town.state} ${piece.town.postcode}`],
        addressee: piece.addressee,
      },
    },
  };
}
