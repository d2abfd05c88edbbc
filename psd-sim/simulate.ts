import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Piscina } from 'piscina';
import { PostalAuthority, type Register } from './authority.ts';
import { certificateFiles } from './certificates.ts';
import { frankDay } from './day.ts';
import { buildFleet } from './fleet.ts';
import { commitFrauds } from './frauds.ts';
import { type ScanEvent, sortMail } from './mail-stream.ts';
import type { PrintOrder } from './print-worker.ts';
import { Random } from './random.ts';
import type { Scenario } from './scenario.ts';
import { TrustPublisher } from './trust-publisher.ts';
import { type TruthLine, truthOf } from './truth.ts';

export interface Simulated {
  readonly pieces: number;
  readonly deliveries: number;
  readonly images: number;
  readonly truth: readonly TruthLine[];
}

/** Pictures that one task of a printing worker makes: few, so that progress shows and both workers stay busy. */
const PICTURES_PER_TASK = 16;

/** Certificates take half a millisecond each; larger fleets are registered without them. */
const CERTIFIED_KEYS_MAX = 5_000;

/**
 * Simulates one day and writes it: `registry/`, `scans.ndjson`, `images/` and `truth.ndjson` in the folder. The same
 * scenario gives the same files again, but for the random part of the signatures.
 */
export async function simulate(
  scenario: Scenario,
  folder: string,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<Simulated> {
  const random = new Random(`indicia ${scenario.seed}`);
  const authority = new PostalAuthority(scenario.dayMs);
  const fleet = buildFleet(scenario, authority, random.stream('fleet'));
  const day = frankDay(scenario, fleet, authority, random.stream('day'));
  const frauds = commitFrauds({ scenario, fleet, day, authority, random: random.stream('frauds') });
  const stream = sortMail(scenario, day, frauds, random.stream('mail'));
  const truth = truthOf(frauds, stream);

  await mkdir(folder, { recursive: true });
  await publishRegistry(join(folder, 'registry'), authority.publish(), scenario, random.stream('trust'));
  const distinct = [...new Map(stream.deliveries.map((event) => [event.scanId, event])).values()];
  const imageOf = await takePictures(scenario, distinct, folder, onProgress);
  const lines = stream.deliveries.map((event) => JSON.stringify(scanRecord(event, imageOf.get(event.scanId))));
  await writeFile(join(folder, 'scans.ndjson'), `${lines.join('\n')}\n`);
  await writeFile(join(folder, 'truth.ndjson'), `${truth.map((line) => JSON.stringify(line)).join('\n')}\n`);
  return { pieces: day.pieces.length, deliveries: lines.length, images: imageOf.size, truth };
}

function scanRecord(event: ScanEvent, image: string | undefined): Record<string, unknown> {
  const { scanId, piece, plant, machine, pass, scannedAtMs } = event;
  const mark = image === undefined ? { payload: piece.payload.toString('base64') } : { image };
  return {
    scanId,
    plant: plant.plant,
    machine,
    scannedAt: new Date(scannedAtMs).toISOString(),
    mailpieceId: piece.mailpieceId,
    pass,
    destination: piece.destination,
    weightGrams: piece.weightGrams,
    ...mark,
  };
}

/** Path of each scan's picture, relative to the folder. */
async function takePictures(
  scenario: Scenario,
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

function fileName(event: ScanEvent): string {
  return event.scanId.replaceAll('/', '_');
}

function printOrder(scenario: Scenario, event: ScanEvent, index: number, folder: string): PrintOrder {
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

async function publishRegistry(folder: string, register: Register, scenario: Scenario, random: Random): Promise<void> {
  await mkdir(folder, { recursive: true });
  const files = new Map(recordFiles(register));
  if (register.keys.length <= CERTIFIED_KEYS_MAX) {
    for (const [name, text] of await certificateFiles(register, scenario.dayMs, random)) files.set(name, text);
  }
  const publisher = new TrustPublisher(random, folder);
  await publisher.publishRoot();
  await publisher.publishList(files, scenario.dayMs);
}

/** The records of a registry as NDJSON files by name. */
export function recordFiles(register: Register): [string, string][] {
  return Object.entries(register).map(([name, records]) => {
    return [`${name}.ndjson`, records.map((record: unknown) => `${JSON.stringify(record)}\n`).join('')];
  });
}
