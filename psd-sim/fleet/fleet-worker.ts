import { writeFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { frankPiece } from '../mail/day.ts';
import { foundPost, registryFiles } from '../mail/post.ts';
import type { ScanEvent } from '../mail/scan-event.ts';
import { scanLine } from '../mail/scan-line.ts';
import { fileName, type PictureOptions, printOrder } from '../print/pictures.ts';
import { Random } from '../random.ts';
import type { Scenario } from '../scenario.ts';

/** One part of a fleet, in a thread of its own. */
export interface FleetPart {
  readonly scenario: Pick<Scenario, 'psds' | 'licenses' | 'dayMs'> & PictureOptions;
  readonly folder: string;
  readonly part: number;
  /** Before the paths of pictures, so that they are relative to where the lines go. */
  readonly imagePrefix: string;
  /** Paid into every register set before the first piece. */
  readonly refillMills: bigint;
}

/** Franks that many pieces, the first at that time. */
export interface FrankOrder {
  readonly count: number;
  readonly firstMs: number;
  readonly stepMs: number;
}

export type PartAnswer =
  | { readonly type: 'ready'; readonly files: ReadonlyMap<string, string>; readonly sets: number }
  | { readonly type: 'licensed'; readonly done: number; readonly total: number }
  | { readonly type: 'scans'; readonly lines: string; readonly count: number };

const MINUTE_MS = 60_000;
/** From the franking to the sorter. */
const ON_THE_WAY_MS = 6 * 3_600_000;

const port = parentPort;
const part: FleetPart = workerData;
if (port === null) throw new Error('a part of a fleet runs in a worker thread');

const random = new Random(`indicia ${part.scenario.seed}`);
const post = await foundPost({ ...part, random }, (done, total) => tell({ type: 'licensed', done, total }));
const { fleet } = post;
for (const { host, psd, license } of fleet.slots) await host.refill(psd, license, part.refillMills);
tell({ type: 'ready', files: await registryFiles(post), sets: fleet.slots.length });

const pieces = random.stream(`pieces ${part.part}`);
const scanner = part.scenario.images === 'none' ? null : await import('../mail/scanner.ts');
const run = `${new Date(part.scenario.dayMs).toISOString().slice(0, 10).replaceAll('-', '')}A`;
let scanned = 0;
let queue = Promise.resolve();
port.on('message', (order: FrankOrder) => {
  queue = queue.then(async () => tell({ type: 'scans', lines: await frankAll(order), count: order.count }));
});

async function frankAll({ count, firstMs, stepMs }: FrankOrder): Promise<string> {
  let lines = '';
  for (let index = 0; index < count; index++) {
    const atMs = Math.floor(firstMs + index * stepMs);
    fleet.setTime(Math.floor(atMs / MINUTE_MS) * MINUTE_MS);
    const piece = await frankPiece(fleet, pieces.pick(fleet.slots), pieces);
    scanned += 1;
    const { machines, plant } = piece.mailedIn;
    const machine = machines[scanned % machines.length] ?? plant;
    const scannedAtMs = atMs + ON_THE_WAY_MS;
    const scanId = `${machine}/${run}/${part.part}-${String(scanned).padStart(8, '0')}`;
    const event: ScanEvent = { scanId, piece, plant, machine, pass: 'origin', scannedAtMs, deliveredAtMs: scannedAtMs };
    lines += `${scanLine(event, pictureOf(event))}\n`;
  }
  return lines;
}

/** Path as its line names it; undefined where scanners hand over payloads. */
function pictureOf(event: ScanEvent): string | undefined {
  if (scanner === null) return undefined;
  const order = printOrder(part.scenario, event, scanned, part.folder);
  const { bytes, extension } = scanner.takeScan(order.job);
  writeFileSync(`${order.path}.${extension}`, bytes);
  return `${part.imagePrefix}images/${fileName(event)}.${extension}`;
}

function tell(answer: PartAnswer): void {
  port?.postMessage(answer);
}
