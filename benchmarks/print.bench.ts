import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import bwipjs from 'bwip-js/node';
import { dataMatrix } from '../psd-sim/print/data-matrix.ts';
import { PAYLOAD_BYTES, type PictureClass, PRINT_HEADINGS, printedPictures } from './prints.ts';
import { machine, markdownTable, median } from './table.ts';

/**
 * How many pictures a second the simulator's own workers print, scan and store, and how much processor time a picture
 * takes in all threads together: the second figure holds on a machine that has other work too. Then the two writers of
 * symbols side by side. INDICIA_ROUNDS sets how often (2).
 */

const ROUNDS = Number(process.env.INDICIA_ROUNDS ?? 2);
const CLASSES: readonly PictureClass[] = [
  { view: 'crop', pictures: 800 },
  { view: 'face', pictures: 64 },
];
const SYMBOLS = 300;

const folder = await mkdtemp(join(tmpdir(), 'indicia-print-'));
try {
  process.stdout.write(`${machine()}; medians of ${ROUNDS} rounds\n\n`);
  process.stdout.write(markdownTable(PRINT_HEADINGS, await printedPictures(folder, CLASSES, ROUNDS)));
  process.stdout.write(`\n${markdownTable(['symbol writer', 'processor ms a symbol'], writtenSymbols())}`);
} finally {
  await rm(folder, { recursive: true });
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
