import { mkdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Piscina } from 'piscina';
import { frankDay } from './day.ts';
import { buildFleet, type Fleet, psdLimits } from './fleet.ts';
import { commitFrauds } from './frauds/frauds.ts';
import { type ScanEvent, sortMail } from './mail-stream.ts';
import { HttpWires } from './offices/http.ts';
import { Offices } from './offices/offices.ts';
import { ndjson, publishedFiles } from './offices/publication.ts';
import type { PrintOrder } from './print-worker.ts';
import { Random } from './random.ts';
import { RATES } from './rates.ts';
import type { Scenario } from './scenario.ts';
import type { Town } from './towns.ts';
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

const DAY_MS = 24 * 3_600_000;
const LICENSED_BEFORE_DAYS = 200;
const LICENSED_AFTER_DAYS = 900;
const RATES_VALID_DAYS = 3_650;

/**
 * Simulates one day and writes it: `registry/`, `scans.ndjson`, `images/`, `truth.ndjson`, and in `hosts/` what the
 * users' computers keep. The same scenario gives the same files again, but for the random part of the signatures.
 */
export async function simulate(
  scenario: Scenario,
  folder: string,
  onProgress: (step: string, done: number, total: number) => void = () => {},
): Promise<Simulated> {
  const random = new Random(`indicia ${scenario.seed}`);
  const wires = new HttpWires();
  try {
    const { fleet, offices } = await foundPost(scenario, folder, random, wires, (done, total) => {
      onProgress('licensed', done, total);
    });
    const day = await frankDay(scenario, fleet, random.stream('day'), (done) => {
      onProgress('franked', done, scenario.pieces);
    });
    const frauds = await commitFrauds({ scenario, fleet, day, random: random.stream('frauds') });
    fleet.setTime(scenario.dayMs + DAY_MS);
    const stream = sortMail(scenario, day, frauds, random.stream('mail'));
    const truth = truthOf(frauds, stream);

    await publishRegistry(join(folder, 'registry'), offices, fleet, random.stream('trust'));
    const distinct = [...new Map(stream.deliveries.map((event) => [event.scanId, event])).values()];
    const imageOf = await takePictures(scenario, distinct, folder, (done, total) => {
      onProgress('printed and scanned', done, total);
    });
    const lines = stream.deliveries.map((event) => JSON.stringify(scanRecord(event, imageOf.get(event.scanId))));
    await writeFile(join(folder, 'scans.ndjson'), `${lines.join('\n')}\n`);
    await writeFile(join(folder, 'truth.ndjson'), `${truth.map((line) => JSON.stringify(line)).join('\n')}\n`);
    return { pieces: day.pieces.length, deliveries: lines.length, images: imageOf.size, truth };
  } finally {
    await wires.close();
  }
}

/** Offices, hosts and PSDs with their licenses. */
export async function foundPost(
  scenario: Scenario,
  folder: string,
  random: Random,
  wires: HttpWires,
  onProgress: (done: number, total: number) => void,
): Promise<{ fleet: Fleet; offices: Offices }> {
  const { dayMs, psds, licenses } = scenario;
  const wire = scenario.offices === 'http' ? wires.wire : undefined;
  const rules = {
    payment: 'prepaid' as const,
    validFromMs: dayMs - LICENSED_BEFORE_DAYS * DAY_MS,
    validToMs: dayMs + LICENSED_AFTER_DAYS * DAY_MS,
    psdLimitOf: psdLimits(psds, licenses),
  };
  const offices = await Offices.open(random.stream('offices'), { rules, nowMs: dayMs, ...(wire && { wire }) });
  const direct = (message: string) => offices.manufacturer.receive(message);
  const link = wire?.('host', 'manufacturer', direct) ?? direct;
  const hosts = join(folder, 'hosts');
  await rm(hosts, { recursive: true, force: true });
  const fleet = await buildFleet(
    scenario,
    { offices, link, folder: hosts, random: random.stream('fleet') },
    onProgress,
  );
  return { fleet, offices };
}

function scanRecord(event: ScanEvent, image: string | undefined): Record<string, unknown> {
  const { scanId, piece, plant, machine, pass, scannedAtMs } = event;
  const mark = image === undefined ? { payload: piece.payload.toString('base64') } : { image };
  return {
    scanId,
    plant,
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

async function publishRegistry(folder: string, offices: Offices, fleet: Fleet, random: Random): Promise<void> {
  await mkdir(folder, { recursive: true });
  const files = await publishedFiles(offices);
  files.set('rates.ndjson', ndjson(ratesPublished(offices.nowMs)));
  files.set('plants.ndjson', ndjson(fleet.towns.map(plantPublished)));
  const publisher = new TrustPublisher(random, folder);
  await publisher.publishRoot();
  await publisher.publishList(files, offices.nowMs);
}

function ratesPublished(nowMs: number): object[] {
  return RATES.map(({ rateCategory, postageMills, weightGrams }) => ({
    rateCategory,
    weightGramsMax: weightGrams[1],
    postageMills: Number(postageMills),
    validFromMs: nowMs - RATES_VALID_DAYS * DAY_MS,
    validToMs: nowMs + RATES_VALID_DAYS * DAY_MS,
  }));
}

function plantPublished({ plant, postcode, name, latitude, longitude }: Town): object {
  return { plant, postcode, town: name, latitude, longitude };
}
