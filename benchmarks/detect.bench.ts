import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { EVERY_FRAUD, FRAUDS, type FraudName, ODDITIES } from '../psd-sim/index.ts';
import { measureCost } from './detect-cost.ts';
import { type Delay, type Mix, measureDay, type Quality, type Sight, type Tally } from './detect-quality.ts';
import type { Answered } from './detect-roles.ts';
import { plotRatios } from './plot.ts';
import { WHY_NOT } from './provable.ts';
import { count, machine, markdownTable, median } from './table.ts';

/**
 * What the detectors find of simulated days with every fraud and every honest trap mixed, through the real pipeline, as more
 * and more mail is never scanned and more and more scans have no mailpiece id; how soon; and what it costs to look at a
 * day of a large post. The whole is --seeds 20 --pieces 100000 --rows 10000000 (two minutes a seed); by default a part of it, or what
 * INDICIA_DETECT_SEEDS, INDICIA_DETECT_PIECES and INDICIA_DETECT_ROWS say. With
 * --tallies FILE every seed is written down when it is done, and not measured again. --every mixes in the further frauds
 * and honest oddities. The delay until a fraud is found is measured of the first seeds only, --delays of them: it takes as
 * long as the rest.
 */

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: process.env.INDICIA_DETECT_SEEDS ?? '1' },
    'first-seed': { type: 'string', default: '1' },
    pieces: { type: 'string', default: process.env.INDICIA_DETECT_PIECES ?? '10000' },
    rows: { type: 'string', default: process.env.INDICIA_DETECT_ROWS ?? '1000000' },
    only: { type: 'string' },
    tallies: { type: 'string' },
    every: { type: 'boolean', default: false },
    delays: { type: 'string', default: '5' },
  },
});
const MIX: Mix = values.every ? { frauds: EVERY_FRAUD, oddities: ODDITIES } : { frauds: FRAUDS, oddities: [] };
const SIGHTS: readonly Sight[] = [
  [0, 0],
  [0, 0.2],
  [0.1, 0.1],
  [0.25, 0.1],
  [0.5, 0],
  [0.5, 0.2],
].map(([unseenShare = 0, namelessShare = 0]) => ({ unseenShare, namelessShare }));

process.stdout.write(`${machine()}\n\n`);
if (values.only !== 'cost') await quality(Number(values.seeds), Number(values['first-seed']), Number(values.pieces));
if (values.only !== 'quality') await cost(Number(values.rows));

async function quality(seeds: number, firstSeed: number, pieces: number): Promise<void> {
  const days: Day[] = [];
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    note(`seed ${seed}`);
    days.push(known(seed, pieces) ?? (await measured(seed, pieces, seed < firstSeed + Number(values.delays))));
  }
  const sum = (of: (day: Day) => number) => count(days.reduce((total, day) => total + of(day), 0));
  process.stdout.write(
    `${seeds} seeds from ${firstSeed} × ${count(pieces)} honest pieces, ${sum(({ scans }) => scans)} scans in all, ${sum(({ honest }) => honest)} honest traps\n\n`,
  );
  const qualities = SIGHTS.map((sight, index): Quality => {
    const tallies = new Map(MIX.frauds.map((fraud) => [fraud, added(days, index, fraud)]));
    const innocents = days.reduce((total, day) => total + (day.innocents[index] ?? 0), 0);
    return { sight, tallies, innocents };
  });
  printBySight(qualities);
  printByFraud(
    qualities,
    days.flatMap(({ delays }) => delays),
    days.map(({ answered }) => answered),
  );
  const worst = qualities.at(-1);
  const bars = MIX.frauds.map((fraud) => ({ label: fraud, value: ratio(worst?.tallies.get(fraud), 'provable') }));
  plotRatios('detect', 'Frauds of which half of the mail still leaves a proof (all of these are found)', bars, []);
}

/** What was measured of one seed, as a line of the file of tallies. */
interface Day {
  readonly seed: number;
  readonly pieces: number;
  readonly scans: number;
  readonly honest: number;
  /** For each of the sights, by the name of the fraud. */
  readonly tallies: readonly Record<string, Tally>[];
  readonly delays: readonly Delay[];
  readonly every: boolean;
  /** For each of the sights. */
  readonly innocents: readonly number[];
  readonly answered: Readonly<Record<string, Answered>>;
}

function known(seed: number, pieces: number): Day | undefined {
  if (values.tallies === undefined || !existsSync(values.tallies)) return undefined;
  const lines = readFileSync(values.tallies, 'utf8').split('\n');
  const days = lines.filter((line) => line !== '').map((line): Day => JSON.parse(line));
  return days.find((day) => day.seed === seed && day.pieces === pieces && day.every === values.every);
}

async function measured(seed: number, pieces: number, isDelayMeasured: boolean): Promise<Day> {
  const qualities = SIGHTS.map(
    (sight): Quality => ({ sight, tallies: new Map(MIX.frauds.map((fraud) => [fraud, newTally()])), innocents: 0 }),
  );
  const size = { pieces, psds: Math.ceil(pieces / 200), licenses: Math.ceil(pieces / 250) };
  const { scans, honest, delays, answered } = await measureDay(seed, size, MIX, qualities, isDelayMeasured);
  const tallies = qualities.map((quality) => Object.fromEntries(quality.tallies));
  const innocents = qualities.map((quality) => quality.innocents);
  const day = { seed, pieces, every: values.every, scans, honest, tallies, delays, innocents, answered };
  if (values.tallies !== undefined) appendFileSync(values.tallies, `${JSON.stringify(day)}\n`);
  return day;
}

function added(days: readonly Day[], sight: number, fraud: FraudName): Tally {
  const total = newTally();
  for (const { tallies } of days) {
    const tally = tallies[sight]?.[fraud] ?? newTally();
    total.committed += tally.committed;
    total.provable += tally.provable;
    total.found += tally.found;
    total.named += tally.named;
    total.innocent += tally.innocent;
  }
  return total;
}

function newTally(): Tally {
  return { committed: 0, provable: 0, found: 0, named: 0, innocent: 0 };
}

function ratio(tally: Tally | undefined, what: 'provable' | 'found'): number {
  if (tally === undefined) return 0;
  const whole = what === 'provable' ? tally.committed : tally.provable;
  return whole === 0 ? 1 : tally[what] / whole;
}

function printBySight(qualities: readonly Quality[]): void {
  const rows = qualities.map(({ sight, tallies, innocents }) => {
    const sum = (of: (tally: Tally) => number) => [...tallies.values()].reduce((total, tally) => total + of(tally), 0);
    const [named, innocent] = [sum((tally) => tally.named), sum((tally) => tally.innocent)];
    return [
      percent(sight.unseenShare),
      percent(sight.namelessShare),
      count(sum(({ committed }) => committed)),
      count(sum(({ provable }) => provable)),
      count(sum(({ found }) => found)),
      (sum(({ found }) => found) / sum(({ provable }) => provable)).toFixed(4),
      count(innocent),
      named === 0 ? '–' : (1 - innocent / named).toFixed(4),
      count(innocents),
    ];
  });
  const headings = [
    'mail never scanned',
    'scans without id',
    'frauds',
    'provable',
    'found',
    'recall of the provable',
    'innocent scans named',
    'precision',
    'innocents named as suspects',
  ];
  process.stdout.write(`${markdownTable(headings, rows)}\n`);
}

function printByFraud(
  qualities: readonly Quality[],
  delays: readonly Delay[],
  answered: readonly Readonly<Record<string, Answered>>[],
): void {
  const [best, worst] = [qualities[0], qualities.at(-1)];
  const rows = MIX.frauds.map((fraud) => {
    const its = delays.filter((delay) => delay.fraud === fraud);
    const all = qualities.map(({ tallies }) => tallies.get(fraud) ?? newTally());
    const innocent = all.reduce((sum, tally) => sum + tally.innocent, 0);
    const missed = all.reduce((sum, tally) => sum + tally.provable - tally.found, 0);
    return [
      `\`${fraud}\``,
      count(best?.tallies.get(fraud)?.committed ?? 0),
      ratio(best?.tallies.get(fraud), 'provable').toFixed(3),
      ratio(worst?.tallies.get(fraud), 'provable').toFixed(3),
      count(missed),
      count(innocent),
      its.length === 0 ? '–' : count(median(its.map(({ scans }) => scans))),
      its.length === 0 ? '–' : count(median(its.map(({ minutes }) => minutes))),
      answeredShare(answered.flatMap((day) => day[fraud] ?? [])),
      WHY_NOT[fraud] ?? 'one scan is enough',
    ];
  });
  const headings = [
    'fraud',
    'committed',
    'provable, all seen',
    'provable, half unseen',
    'provable and missed',
    'innocent scans named',
    'delay, scans',
    'delay, minutes',
    'scans answered before the gate',
    'what the proof needs',
  ];
  process.stdout.write(`${markdownTable(headings, rows)}\n`);
}

function answeredShare(days: readonly Answered[]): string {
  const scans = days.reduce((total, day) => total + day.scans, 0);
  return scans === 0 ? '–' : percent(days.reduce((total, day) => total + day.answered, 0) / scans);
}

async function cost(rows: number): Promise<void> {
  const { coldSeconds, rebuildSeconds, nextSeconds, findings, fileBytes } = await measureCost(rows, note);
  const headings = [
    'scans',
    'register sets',
    'all detectors, cold',
    'the next 10,000 scans, median',
    'worst',
    'sightings there again after a start',
    'findings',
    'store',
  ];
  const row = [
    count(rows),
    '20,000',
    `${coldSeconds.toFixed(1)} s`,
    `${median(nextSeconds).toFixed(2)} s`,
    `${Math.max(...nextSeconds).toFixed(2)} s`,
    `${rebuildSeconds.toFixed(1)} s`,
    count(findings),
    `${(fileBytes / 1e9).toFixed(2)} GB`,
  ];
  process.stdout.write(markdownTable(headings, [row]));
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

function note(step: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${step}\n`);
}
