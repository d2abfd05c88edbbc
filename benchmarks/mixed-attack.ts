import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreReader } from '../analytics/index.ts';
import { connect, type Outcome, type Sorter, type SorterScan, scanFromLine } from '../client/index.ts';
import { Library } from '../commands/load/library.ts';
import { openLoop } from '../commands/load/open-loop.ts';
import { Tally } from '../commands/load/tally.ts';
import { FleetStream } from '../psd-sim/index.ts';
import { encodeGreyPng } from '../psd-sim/print/grey-png.ts';
import { Random } from '../psd-sim/random.ts';
import { addToken, type Role } from '../server/index.ts';
import { scannedPicture } from '../test/support/pictures.ts';
import { serveProcess } from '../test/support/sorter-server.ts';
import type { Scope } from '../test/support/temporary.ts';
import type { AttackOrder } from './attack-process.ts';
import type { Attack, AttackTally } from './attack-tokens.ts';
import { PeakMemory } from './resident-memory.ts';
import { capacityOf } from './sorter-load.ts';

/** How hard and for how long. */
export interface MixedAttack {
  /** Of the honest plant alone, and then under attack. */
  readonly aloneSeconds: number;
  readonly attackSeconds: number;
  /** Payloads and crops a second of the honest plant; payloads null for half of its share among so many clients. */
  readonly payloadRate: number | null;
  readonly cropRate: number;
  /** What each attacking token does. */
  readonly attacks: readonly (readonly Attack[])[];
  /** Connections of each kind of attack. */
  readonly connections: number;
  readonly strangers: number;
}

export interface Served {
  readonly payloads: Tally;
  readonly crops: Tally;
}

export interface MixedAttackReport {
  readonly payloadRate: number;
  readonly alone: Served;
  readonly attacked: Served;
  /** By token, then by kind. */
  readonly attackers: readonly Readonly<Record<string, AttackTally>>[];
  readonly peakBytes: { readonly server: number; readonly withChildren: number };
  /** Honest scans that were answered with a verdict; those of them without one in the store, with two, or with another. */
  readonly answered: number;
  readonly missing: number;
  readonly doubled: number;
  readonly wrong: number;
  /** Whether the server answered to the end, and how it ended. */
  readonly isAlive: boolean;
  readonly ended: number | NodeJS.Signals | null;
}

const PSDS = 50;
const HONEST_SCANS = 10_000;
const ATTACK_SCANS = 5_000;
const CROPS = 200;
const CAPACITY_SECONDS = 3;
const IN_FLIGHT = 64;
const IN_FLIGHT_MAX = 10_000;
const WITHIN_MS = 30_000;
/** Grey noise of 1.1 MB, which no encoder makes smaller. */
const NOISE_SIDE_PX = 1_050;
const DAY_MS = Date.UTC(2026, 10, 20);
const PROCESS = new URL('attack-process.ts', import.meta.url);

/** A server in a process of its own, one honest plant, and everybody else against it. */
export async function runMixedAttack(folder: string, scope: Scope, plan: MixedAttack): Promise<MixedAttackReport> {
  const mail = await frankMail(folder);
  const tokens = grantTokens(folder, plan.attacks.length);
  const db = join(folder, 'store.duckdb');
  const server = await serveProcess(scope, [
    ...['--registry', join(folder, 'registry'), '--db', db],
    ...['--tokens', join(folder, 'tokens.json'), '--port', '0'],
  ]);
  const plant = connect(server.url, { token: tokens.honest });
  const answers = new Map<string, Outcome>();
  const clients = plan.attacks.length + 1;
  const payloadRate = plan.payloadRate ?? (await halfOfShare(plant, new Library(mail.payload, 'capacity'), clients));
  const serve = (seconds: number, run: string) =>
    serveHonest(plant, mail, { ...plan, payloadRate, seconds, run }, answers);
  await serve(Math.min(3, plan.aloneSeconds), 'warming');
  const alone = await serve(plan.aloneSeconds, 'alone');
  const memory = new PeakMemory(server.child.pid ?? 0);
  const attack = await startAttack(scope, {
    ...{ base: server.url, tokens: tokens.attackers, attacks: plan.attacks },
    ...{ scansFile: join(folder, 'attack.ndjson'), pictureFile: join(folder, 'noise.png') },
    ...{ connections: plan.connections, strangers: plan.strangers },
  });
  await sleep(1_000);
  const attacked = await serve(plan.attackSeconds, 'attacked');
  const attackers = await attack.stop();
  memory.stop();
  plant.close();
  const isAlive = await fetch(`${server.url}/livez`).then(
    ({ ok }) => ok,
    () => false,
  );
  server.child.kill('SIGTERM');
  const ended = await server.ended;
  return {
    ...{ payloadRate, alone, attacked, attackers, isAlive, ended },
    peakBytes: { server: memory.own, withChildren: memory.together },
    ...(await compare(answers, db)),
  };
}

async function halfOfShare(plant: Sorter, library: Library, clients: number): Promise<number> {
  const saturation = { endpoint: 'single', inFlight: IN_FLIGHT, together: 1, seconds: CAPACITY_SECONDS } as const;
  await capacityOf(saturation, plant, library);
  return Math.round((await capacityOf(saturation, plant, library)) / clients / 2);
}

interface Honest {
  readonly payloadRate: number;
  readonly cropRate: number;
  readonly seconds: number;
  readonly run: string;
}

/** Payloads and crops one by one, each at its time, and nothing twice; keeps what was answered. */
async function serveHonest(
  plant: Sorter,
  mail: Record<'payload' | 'crop', readonly SorterScan[]>,
  { payloadRate, cropRate, seconds, run }: Honest,
  answers: Map<string, Outcome>,
): Promise<Served> {
  const serve = async (kind: 'payload' | 'crop', rate: number) => {
    const [library, tally] = [new Library(mail[kind], `${kind} ${run}`), new Tally()];
    const schedule = { rate, pieces: Math.max(1, Math.round(rate * seconds)), together: 1, inFlightMax: IN_FLIGHT_MAX };
    await openLoop(schedule, async (first, _, dueMs) => {
      const scan = library.at(first);
      const outcome = await plant.verdict(scan, { attemptsMax: 1, withinMs: WITHIN_MS });
      answers.set(scan.scanId, outcome);
      tally.answered(outcome, dueMs);
    });
    return tally;
  };
  const [payloads, crops] = await Promise.all([serve('payload', payloadRate), serve('crop', cropRate)]);
  return { payloads, crops };
}

async function startAttack(scope: Scope, order: AttackOrder) {
  const child = fork(PROCESS, [], { serialization: 'advanced' });
  scope.after(() => void child.kill('SIGKILL'));
  child.send(order);
  return {
    async stop(): Promise<Record<string, AttackTally>[]> {
      child.send('stop');
      const [tallies] = await once(child, 'message');
      return tallies;
    },
  };
}

function grantTokens(folder: string, attackers: number): { honest: string; attackers: string[] } {
  const path = join(folder, 'tokens.json');
  const grant = (name: string, plant: string, roles: Role[]) => {
    const entry = { name, plant, roles, expiresAtMs: null, certificate: null };
    return addToken(path, entry, DAY_MS, randomBytes).token ?? '';
  };
  return {
    honest: grant('honest', '06484', ['sorter']),
    attackers: Array.from({ length: attackers }, (_, index) => {
      return grant(`attacker ${index}`, `9000${index}`, ['sorter', 'investigator']);
    }),
  };
}

async function frankMail(folder: string): Promise<Record<'payload' | 'crop', readonly SorterScan[]>> {
  const workers = availableParallelism();
  const plan = { psds: PSDS, licenses: PSDS, seed: 1, images: 'none', dayMs: DAY_MS, imagePrefix: '' } as const;
  const fleet = await FleetStream.open({ ...plan, workers, refillMills: 10_000_000_000n }, folder);
  let asked = 0;
  const frank = (count: number) => {
    asked += count;
    return fleet.frank({ count, firstMs: DAY_MS + 8 * 3_600_000 + asked, stepMs: 1 }, asked);
  };
  const honest = await frank(HONEST_SCANS);
  await writeFile(join(folder, 'attack.ndjson'), await frank(ATTACK_SCANS));
  await fleet.close();
  const random = new Random('noise');
  const pixels = Uint8Array.from({ length: NOISE_SIDE_PX ** 2 }, () => random.int(0, 255));
  await writeFile(join(folder, 'noise.png'), encodeGreyPng(pixels, NOISE_SIDE_PX, NOISE_SIDE_PX));
  const payload = honest.split('\n').flatMap((line) => {
    const scan = scanFromLine(line)?.scan;
    if (scan === undefined) return [];
    // The token says the plant.
    const { plant: _, ...placeless } = scan;
    return [placeless];
  });
  const crop = payload.slice(0, CROPS).map(({ payload: mark, ...scan }) => {
    return { ...scan, image: scannedPicture(mark ?? Buffer.alloc(0), 'crop', scan.scanId).bytes };
  });
  return { payload, crop };
}

/** What was answered against what is in the store. */
async function compare(answers: ReadonlyMap<string, Outcome>, db: string) {
  const verdicts = new Map<string, string[]>();
  const reader = await StoreReader.open(db);
  for await (const { scanId, disposition } of reader.verdicts()) {
    verdicts.set(scanId, [...(verdicts.get(scanId) ?? []), disposition]);
  }
  reader.close();
  const counts = { answered: 0, missing: 0, doubled: 0, wrong: 0 };
  for (const [scanId, outcome] of answers) {
    if ('code' in outcome) continue;
    const recorded = verdicts.get(scanId) ?? [];
    counts.answered += 1;
    if (recorded.length === 0) counts.missing += 1;
    else if (recorded.length > 1) counts.doubled += 1;
    else if (recorded[0] !== outcome.disposition) counts.wrong += 1;
  }
  return counts;
}
