import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildFleet, type Fleet, psdLimits, SETS_IN_USE } from '../fleet/fleet.ts';
import { Offices, type Wire } from '../offices/offices.ts';
import { ndjson, publishedFiles } from '../offices/publication.ts';
import type { Random } from '../random.ts';
import { type Scenario, ScenarioError } from '../scenario.ts';
import { TrustPublisher } from '../trust-publisher.ts';
import { RATES } from './rates.ts';
import type { Town } from './towns.ts';

export const DAY_MS = 24 * 3_600_000;
const LICENSED_BEFORE_DAYS = 200;
const LICENSED_AFTER_DAYS = 900;
const RATES_VALID_DAYS = 3_650;

/** The post of one simulation: its offices, and everybody who franks. */
export interface Post {
  readonly offices: Offices;
  readonly fleet: Fleet;
}

interface PostPlan {
  readonly scenario: Pick<Scenario, 'psds' | 'licenses' | 'dayMs' | 'payment'>;
  /** Where hosts keep their files. */
  readonly folder: string;
  readonly random: Random;
  /** What messages go through; they are calls where there is none. */
  readonly wire?: Wire | undefined;
  /** Number of this part among several of one post that run side by side: numbers of one never meet another's. */
  readonly part?: number;
}

/** @throws ScenarioError when the PSDs have no room for so many licenses. */
export function checkRoom(psds: number, licenses: number): void {
  if (licenses <= psds * SETS_IN_USE) return;
  throw new ScenarioError(`${psds} PSDs have room for ${psds * SETS_IN_USE} licenses, and not for ${licenses}`);
}

/** Founds the offices, makes the PSDs and has them licensed. */
export async function foundPost(
  { scenario, folder, random, wire, part = 0 }: PostPlan,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<Post> {
  const { dayMs, psds, licenses } = scenario;
  checkRoom(psds, licenses);
  const rules = {
    payment: scenario.payment ?? 'prepaid',
    validFromMs: dayMs - LICENSED_BEFORE_DAYS * DAY_MS,
    validToMs: dayMs + LICENSED_AFTER_DAYS * DAY_MS,
    psdLimitOf: psdLimits(psds, licenses),
  };
  // All parts have the same offices: the same keys, each with numbers of its own to give out.
  const offices = await Offices.open(random.stream('offices'), { rules, nowMs: dayMs, part, ...(wire && { wire }) });
  const direct = (message: string) => offices.manufacturer.receive(message);
  const link = wire?.('host', 'manufacturer', direct) ?? direct;
  const hosts = join(folder, part === 0 ? 'hosts' : `hosts-${part}`);
  await rm(hosts, { recursive: true, force: true });
  const stream = random.stream(part === 0 ? 'fleet' : `fleet ${part}`);
  const fleet = await buildFleet(scenario, { offices, link, folder: hosts, random: stream, part }, onProgress);
  return { offices, fleet };
}

/** Everything that the postal side may know, as NDJSON files by name (docs/REGISTRY.md). */
export async function registryFiles({ offices, fleet }: Post): Promise<Map<string, string>> {
  const files = await publishedFiles(offices);
  files.set('rates.ndjson', ndjson(ratesPublished(offices.nowMs)));
  files.set('plants.ndjson', ndjson(plantsPublished(fleet.towns)));
  return files;
}

export async function publishRegistry(
  folder: string,
  files: ReadonlyMap<string, string>,
  issuedAtMs: number,
  random: Random,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const publisher = new TrustPublisher(random, folder);
  await publisher.publishRoot();
  await publisher.publishList(files, issuedAtMs);
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

/** Each town with its plant, and where that plant stands: plants are named by the postcode of their own town. */
function plantsPublished(towns: readonly Town[]): object[] {
  const byPostcode = new Map(towns.map((town) => [town.postcode, town]));
  return towns.map(({ plant, postcode, name }) => {
    const { latitude, longitude } = byPostcode.get(plant) ?? {};
    return { plant, postcode, town: name, latitude, longitude };
  });
}
