import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import bwipjs from 'bwip-js/node';
import { Piscina } from 'piscina';
import { dataMatrix } from '../psd-sim/data-matrix.ts';
import type { PrintOrder } from '../psd-sim/print-worker.ts';
import { machine, markdownTable, median } from './table.ts';

/**
 * How many pictures a second the simulator's own workers print, scan and store, and how much processor time a picture
 * takes in all threads together: the second figure holds on a machine that has other work too. Then the two writers of
 * symbols side by side.
 */

const PAYLOAD_BYTES = 135;
const PICTURES_PER_TASK = 16;
const ROUNDS = 3;
const CLASSES: readonly { view: 'crop' | 'face'; pictures: number }[] = [
  { view: 'crop', pictures: 1_600 },
  { view: 'face', pictures: 64 },
];
const SYMBOLS = 300;

const folder = await mkdtemp(join(tmpdir(), 'indicia-print-'));
try {
  process.stdout.write(`${machine()}; medians of ${ROUNDS} rounds\n\n`);
  process.stdout.write(
    markdownTable(['pictures', 'threads', 'a second', 'processor ms a picture'], await printedPictures()),
  );
  process.stdout.write(`\n${markdownTable(['symbol writer', 'processor ms a symbol'], writtenSymbols())}`);
} finally {
  await rm(folder, { recursive: true });
}

async function printedPictures(): Promise<string[][]> {
  const rows: string[][] = [];
  for (const { view, pictures } of CLASSES) {
    for (const threads of [1, 2]) {
      const pool = new Piscina<readonly PrintOrder[], string[]>({
        filename: new URL('../psd-sim/print-worker.ts', import.meta.url).href,
        minThreads: threads,
        maxThreads: threads,
      });
      await print(pool, view, pictures / 2);
      const rounds: { aSecond: number; cpuMs: number }[] = [];
      for (let round = 0; round < ROUNDS; round++) rounds.push(await print(pool, view, pictures));
      await pool.destroy();
      rows.push([
        view,
        `${threads}`,
        median(rounds.map(({ aSecond }) => aSecond)).toFixed(0),
        median(rounds.map(({ cpuMs }) => cpuMs)).toFixed(2),
      ]);
    }
  }
  return rows;
}

async function print(
  pool: Piscina<readonly PrintOrder[], string[]>,
  view: 'crop' | 'face',
  pictures: number,
): Promise<{ aSecond: number; cpuMs: number }> {
  const tasks = Array.from({ length: pictures / PICTURES_PER_TASK }, (_, task) =>
    Array.from({ length: PICTURES_PER_TASK }, (_, index) => order(view, task * PICTURES_PER_TASK + index)),
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

function order(view: 'crop' | 'face', index: number): PrintOrder {
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

function writtenSymbols(): string[][] {
  const writers: readonly { name: string; write: (payload: Buffer) => unknown }[] = [
    { name: 'zxing-wasm (zint)', write: dataMatrix },
    {
      name: 'bwip-js',
      write: (payload) => bwipjs.raw({ bcid: 'datamatrix', text: payload.toString('latin1'), binarytext: true }),
    },
  ];
  const cpuMs = writers.map(() => [] as number[]);
  // The first round of each warms up its code.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [which, { write }] of writers.entries()) {
      const payloads = Array.from({ length: SYMBOLS }, () => randomBytes(PAYLOAD_BYTES));
      const started = process.threadCpuUsage();
      for (const payload of payloads) write(payload);
      const cpu = process.threadCpuUsage(started);
      if (round > 0) cpuMs[which]?.push((cpu.user + cpu.system) / 1000 / SYMBOLS);
    }
  }
  return writers.map(({ name }, which) => [name, median(cpuMs[which] ?? []).toFixed(2)]);
}
