import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { converted, simulatedDay, toG4, toJpeg } from './picture-days.ts';
import { PeakMemory } from './resident-memory.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const AFTERNOON = fileURLToPath(new URL('baseline/afternoon.ts', import.meta.url));
/** A day after the pieces were scanned. */
const RECEIVED_AT = '2026-11-21T18:00:00Z';
/** Of /proc on Linux. */
const MS_A_TICK = 10;

/** A day of mail, and how much of it the program of an afternoon is given: it takes up to forty times as long. */
export interface EndToEndRow {
  readonly name: string;
  readonly folder: string;
  readonly afternoonScans: number;
}

export interface Outcome {
  readonly aSecond: number;
  /** Of all threads and processes, a piece. */
  readonly processorMs: number;
  readonly readShare: number;
  readonly peakBytes: number;
}

/** Days with a fixed seed, in that folder; one in fifty crops and faces of the simulator cannot be read by anybody. */
export async function endToEndRows(folder: string): Promise<EndToEndRow[]> {
  const payloads = await simulatedDay(join(folder, 'payloads'), 100_000, 'none');
  const crops = await simulatedDay(join(folder, 'crops'), 4_000, 'crops');
  const faces = await simulatedDay(join(folder, 'faces'), 600, 'faces');
  return [
    { name: 'payloads', folder: payloads, afternoonScans: 6_000 },
    { name: 'crops, PNG', folder: crops, afternoonScans: 500 },
    { name: 'crops, JPEG', folder: await converted(crops, 'jpg', toJpeg), afternoonScans: 500 },
    { name: 'faces, JPEG', folder: await converted(faces, 'jpg', toJpeg), afternoonScans: 120 },
    { name: 'faces, TIFF G4', folder: await converted(faces, 'tif', toG4), afternoonScans: 120 },
  ];
}

export async function runIndicia({ folder }: EndToEndRow, db: string): Promise<Outcome> {
  const args = ['run', join(folder, 'scans.ndjson'), '--registry', join(folder, 'registry'), '--db', db];
  const measured = await measuredProcess([MAIN, ...args, '--received-at', RECEIVED_AT, '--json'], db);
  const summary = JSON.parse(lastLine(measured.stdout));
  const read = sum(summary.images?.rungs);
  const unread = sum(summary.images?.failures);
  return outcomeOf(measured, summary.scans, read + unread === 0 ? 1 : read / (read + unread));
}

export async function runAfternoon({ folder, afternoonScans }: EndToEndRow, db: string): Promise<Outcome> {
  const args = [join(folder, 'scans.ndjson'), '--keys', join(folder, 'registry', 'keys.ndjson'), '--db', db];
  const measured = await measuredProcess([AFTERNOON, ...args, '--limit', `${afternoonScans}`], db);
  const { scans, answers } = JSON.parse(lastLine(measured.stdout));
  return outcomeOf(measured, scans, 1 - (answers['no symbol'] ?? 0) / scans);
}

function sum(counts: Readonly<Record<string, number>> = {}): number {
  return Object.values(counts).reduce((total, one) => total + one, 0);
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

interface MeasuredProcess {
  readonly stdout: string;
  readonly seconds: number;
  readonly processorMs: number;
  readonly peakBytes: number;
}

function outcomeOf({ seconds, processorMs, peakBytes }: MeasuredProcess, scans: number, readShare: number): Outcome {
  return { aSecond: scans / seconds, processorMs: processorMs / scans, readShare, peakBytes };
}

/** A program of Node in a process of its own; its store is removed afterwards. */
async function measuredProcess(args: readonly string[], db: string): Promise<MeasuredProcess> {
  const before = childrenMs();
  const startedAtMs = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const memory = new PeakMemory(child.pid ?? 0);
  const [stdout, stderr, code] = await Promise.all([
    child.stdout.setEncoding('utf8').toArray(),
    child.stderr.setEncoding('utf8').toArray(),
    new Promise((resolve) => child.on('close', resolve)),
  ]);
  memory.stop();
  const seconds = (performance.now() - startedAtMs) / 1000;
  // 3: some pictures could not be read, which a person should know.
  if (code !== 0 && code !== 3) throw new Error(`${args.join(' ')}: exit code ${code}: ${stderr.join('')}`);
  for (const suffix of ['', '.wal', '.anchor']) await rm(`${db}${suffix}`, { force: true });
  const processorMs = (await childrenMs()) - (await before);
  return { stdout: stdout.join(''), seconds, processorMs, peakBytes: memory.together };
}

/** Processor time of all children that have ended, and of theirs (proc(5): cutime and cstime). */
async function childrenMs(): Promise<number> {
  const stat = await readFile('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return MS_A_TICK * (Number(fields[13]) + Number(fields[14]));
}
