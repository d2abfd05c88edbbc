import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Piscina } from 'piscina';
import type { PrintOrder } from '../psd-sim/print/print-worker.ts';
import { median } from './table.ts';

/** Pictures of one kind to print in each round. */
export interface PictureClass {
  readonly view: 'crop' | 'face';
  readonly pictures: number;
}

export const PRINT_HEADINGS = ['pictures', 'threads', 'a second', 'processor ms a picture'];
export const PAYLOAD_BYTES = 135;
const PICTURES_PER_TASK = 16;

/** Rows of pictures that the simulator's own workers print, scan and store in that folder, medians of the rounds. */
export async function printedPictures(
  folder: string,
  classes: readonly PictureClass[],
  rounds: number,
): Promise<string[][]> {
  const rows: string[][] = [];
  for (const { view, pictures } of classes) {
    for (const threads of [1, 2]) {
      const pool = new Piscina<readonly PrintOrder[], string[]>({
        filename: new URL('../psd-sim/print/print-worker.ts', import.meta.url).href,
        minThreads: threads,
        maxThreads: threads,
      });
      await print(pool, folder, view, pictures / 2);
      const measured: { aSecond: number; cpuMs: number }[] = [];
      for (let round = 0; round < rounds; round++) measured.push(await print(pool, folder, view, pictures));
      await pool.destroy();
      rows.push([
        view,
        `${threads}`,
        median(measured.map(({ aSecond }) => aSecond)).toFixed(0),
        median(measured.map(({ cpuMs }) => cpuMs)).toFixed(2),
      ]);
    }
  }
  return rows;
}

async function print(
  pool: Piscina<readonly PrintOrder[], string[]>,
  folder: string,
  view: 'crop' | 'face',
  pictures: number,
): Promise<{ aSecond: number; cpuMs: number }> {
  const tasks = Array.from({ length: pictures / PICTURES_PER_TASK }, (_, task) =>
    Array.from({ length: PICTURES_PER_TASK }, (_, index) => order(folder, view, task * PICTURES_PER_TASK + index)),
  );
  const startedAtMs = performance.now();
  const startedCpu = process.cpuUsage();
  await Promise.all(tasks.map((task) => pool.run(task)));
  const cpu = process.cpuUsage(startedCpu);
  return {
    aSecond: (1000 * pictures) / (performance.now() - startedAtMs),
    cpuMs: (cpu.user + cpu.system) / 1000 / pictures,
  };
}

function order(folder: string, view: 'crop' | 'face', index: number): PrintOrder {
  return {
    path: join(folder, `${view}-${index}`),
    job: {
      view,
      damage: index % 10 === 0 ? 'light smudge' : 'none',
      pieceSeed: `piece ${index}`,
      scanSeed: `scan ${index}`,
      piece: {
        payload: randomBytes(PAYLOAD_BYTES),
        town: ['Shelton', 'Danbury', 'Madison'][index % 3] ?? '',
        dateText: '2026-11-20',
        amountText: `0.${730 + (index % 60)}`,
        license: 700_000 + (index % 500),
        sender: ['Naugatuck Paper', 'Shelton CT 06484'],
        addressee: [`Box ${index}`, '12 Main St', 'Madison CT 06443'],
      },
    },
  };
}
