import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { converted, simulatedDay, toG4, toJpeg } from './picture-days.ts';
import { indiciaMeasured, type Measured, programMeasured } from './processor-time.ts';
import { readShareOf } from './read-share.ts';

const AFTERNOON = fileURLToPath(new URL('baseline/afternoon.ts', import.meta.url));
/** A day after the pieces were scanned. */
const RECEIVED_AT = '2026-11-21T18:00:00Z';
/** 3: some pictures could not be read, which a person should know. */
const EXIT_CODES = [0, 3];

/** A day of mail, and how much of it the program of an afternoon is given: it takes up to 28 times as long. */
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

export async function runIndicia({ folder }: EndToEndRow, db: string, scansFile = 'scans.ndjson'): Promise<Outcome> {
  const args = ['run', join(folder, scansFile), '--registry', join(folder, 'registry'), '--db', db];
  const measured = await indiciaMeasured([...args, '--received-at', RECEIVED_AT, '--json'], EXIT_CODES);
  await removeStore(db);
  const { scans, images } = JSON.parse(lastLine(measured.stdout));
  return outcomeOf(measured, scans, readShareOf(images));
}

/** The share of pictures that is read of those that the program of an afternoon is given, so that the two can be compared. */
export async function readShareOfPart(row: EndToEndRow, db: string): Promise<number> {
  const lines = (await readFile(join(row.folder, 'scans.ndjson'), 'utf8')).split('\n');
  const part = 'part.ndjson';
  await writeFile(join(row.folder, part), `${lines.slice(0, row.afternoonScans).join('\n')}\n`);
  const { readShare } = await runIndicia(row, db, part);
  return readShare;
}

export async function runAfternoon({ folder, afternoonScans }: EndToEndRow, db: string): Promise<Outcome> {
  const args = [join(folder, 'scans.ndjson'), '--keys', join(folder, 'registry', 'keys.ndjson'), '--db', db];
  const measured = await programMeasured([AFTERNOON, ...args, '--limit', `${afternoonScans}`]);
  await removeStore(db);
  const { scans, answers } = JSON.parse(lastLine(measured.stdout));
  return outcomeOf(measured, scans, 1 - (answers['no symbol'] ?? 0) / scans);
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

function outcomeOf({ wallSeconds, processorSeconds, peakBytes }: Measured, scans: number, readShare: number): Outcome {
  return { aSecond: scans / wallSeconds, processorMs: (1000 * processorSeconds) / scans, readShare, peakBytes };
}

async function removeStore(db: string): Promise<void> {
  for (const suffix of ['', '.wal', '.anchor', '.snapshot']) await rm(`${db}${suffix}`, { force: true });
}
