import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FRAUDS, simulate } from '../../psd-sim/index.ts';
import { indicia } from './command-line.ts';
import { freshTopics, type TestKafka } from './kafka.ts';
import { type JudgedScans, judgedAlone, judgedIn, withoutSources } from './partition-stores.ts';
import { RECEIVED_AT } from './receipt.ts';
import { roughTraffic } from './rough-traffic.ts';
import { assertAllDone, deliveriesIn, publishedFindings, publishedVerdicts } from './stage-topics.ts';
import { type Scope, temporaryFolder } from './temporary.ts';

/** A day with every fraud, judged in one process: what any number of members must come to. */
export interface StageDay {
  readonly registry: string;
  readonly lines: readonly string[];
  readonly alone: JudgedScans;
}

export async function stageDay(folder: string, seed: number, pieces: number): Promise<StageDay> {
  const dayMs = Date.UTC(2026, 10, 20);
  await simulate({ seed, pieces, psds: 30, licenses: 24, frauds: FRAUDS, images: 'none', dayMs }, folder);
  const registry = join(folder, 'registry');
  const scans = join(folder, 'scans.ndjson');
  const db = join(folder, 'alone.duckdb');
  const run = await indicia(['run', scans, '--registry', registry, '--db', db, '--json', ...RECEIVED_AT]);
  assert.equal(run.exitCode, 0, run.stderr);
  const lines = (await readFile(scans, 'utf8')).trim().split('\n');
  return { registry, lines, alone: await judgedAlone(db) };
}

/** A day as rough traffic over fresh topics: what the members of stages are given, with the flags that they share. */
export async function stageTraffic(
  scope: Scope,
  kafka: TestKafka,
  { prefix, seed, pieces, partitions }: Record<'seed' | 'pieces' | 'partitions', number> & { readonly prefix: string },
) {
  const folder = await temporaryFolder(scope);
  const day = await stageDay(join(folder, 'day'), seed, pieces);
  const traffic = roughTraffic(day.lines, seed, prefix);
  await freshTopics(kafka, prefix, partitions);
  const stores = join(folder, 'stores');
  return { day, traffic, stores, common: ['--prefix', prefix, '--registry', day.registry, '--db', stores] };
}

/** Works until nothing is left, with one member of each stage. */
export async function drainStages(url: string, common: readonly string[]): Promise<void> {
  for (const stage of ['read', 'judge']) {
    const { exitCode, stderr } = await indicia([
      'run',
      '--stage',
      stage,
      url,
      ...RECEIVED_AT,
      ...common,
      '--until-drained',
      '--json',
    ]);
    assert.equal(exitCode, 0, stderr);
  }
}

export interface Checked {
  /** Answers in the topic of verdicts. */
  readonly published: number;
  readonly scans: number;
  readonly findings: number;
}

/** Every scan has one verdict, the topic says the same, the findings are those of one process, and nothing is left. */
export async function assertAsAlone(
  kafka: TestKafka,
  prefix: string,
  stores: string,
  { alone }: StageDay,
  scanIds: readonly string[],
): Promise<Checked> {
  await assertAllDone(kafka, prefix);
  const { verdicts, findings } = await judgedIn(stores);
  assert.deepEqual(verdicts.map(({ scanId }) => scanId).toSorted(), scanIds.toSorted());
  assert.equal(alone.verdicts.length, scanIds.length);
  const published = await publishedVerdicts(kafka, prefix);
  assert.equal(published.size, scanIds.length);
  for (const verdict of verdicts) {
    for (const { plant: _, ...answer } of published.get(verdict.scanId) ??
      assert.fail(`no answer: ${verdict.scanId}`)) {
      assert.deepEqual(answer, verdict);
    }
  }
  assert.deepEqual(withoutSources(findings), withoutSources(alone.findings));
  assert.deepEqual(
    await publishedFindings(kafka, prefix),
    findings.map((finding) => JSON.stringify(finding)).toSorted(),
  );
  const answers = [...published.values()].reduce((total, its) => total + its.length, 0);
  // Read once and answered once as often as it was handed over: nobody published what another had published.
  const { lines, rows } = await deliveriesIn(kafka, prefix);
  assert.deepEqual({ rows, answers }, { rows: lines, answers: lines });
  return { published: answers, scans: verdicts.length, findings: findings.length };
}
