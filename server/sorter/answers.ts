import type { Answer, AnswerOrProblem, AnswerReason, AnswerTimings } from '../../api/index.ts';
import {
  ANSWER_ONLY_REASONS,
  type AnswerReasonCode,
  bigintAt,
  isReasonCode,
  numberAt,
  REASONS,
  rowsOf,
  type StoredVerdict,
  textAt,
  textOrNullAt,
  uncheckedAt,
  type VerdictQuery,
  verdictAt,
} from '../../indicium/index.ts';
import { type BatchAnswers, ignoredFieldsOf } from '../../scans/index.ts';
import { fieldsAt, fieldsOf } from './answer-fields.ts';
import type { PendingAnswer } from './pending-answer.ts';

/** What the policy does about each reason. */
export interface AnswerPolicy {
  readonly version: number;
  readonly dispositions: Readonly<Record<string, AnswerReason['treatment']>>;
}

export interface AnswerPorts {
  readonly policy: AnswerPolicy;
  readonly verdictsOf: (queries: readonly VerdictQuery[]) => Promise<readonly StoredVerdict[]>;
}

/** Looks up for whom: nobody's retries wait for those of others. */
interface LookUpPorts extends Pick<AnswerPorts, 'policy'> {
  readonly verdictsOf: (queries: readonly VerdictQuery[], client: string) => Promise<readonly StoredVerdict[]>;
  readonly clientAt: (row: number) => string;
}

/** When the scan in a row arrived and when its batch was taken up, as performance.now tells it. */
export interface BatchMoments {
  readonly arrivedAtMs: (row: number) => number;
  readonly takenAtMs: number;
}

/**
 * The answers of a batch, by row. Scans that were recorded before are answered as they were then, which must be looked up;
 * the others need not wait for that.
 */
export function answersOf(
  batch: BatchAnswers,
  moments: BatchMoments,
  ports: LookUpPorts,
): (AnswerOrProblem | Promise<AnswerOrProblem>)[] {
  const { verdicts, readings, repeatedRows } = batch;
  if (readings === null) throw new Error('a batch that is to be answered kept no readings');
  const doneAtMs = performance.now();
  const answerAt = (row: number): AnswerOrProblem => {
    const { disposition, reasons } = verdictAt(verdicts, row);
    return answerOf(
      {
        scanId: textAt(readings.scanId, row),
        plant: textOrNullAt(readings.plant, row),
        disposition,
        reasons,
        fields: fieldsAt(readings, row),
        trustVersion: numberAt(readings.trustVersion, row),
        policyVersion: ports.policy.version,
        findingIds: [],
        extra: textOrNullAt(readings.extra, row),
        unchecked: uncheckedAt(readings, row),
      },
      { isRepeated: false, timings: timingsOf(batch, moments, row, doneAtMs) },
      ports.policy,
    );
  };
  if (repeatedRows.length === 0) return Array.from({ length: rowsOf(readings) }, (_, row) => answerAt(row));
  const repeated = new Set(repeatedRows);
  const queryAt = (row: number) => ({
    scanId: textAt(readings.scanId, row),
    plant: textOrNullAt(readings.plant, row),
    digest: bigintAt(readings.scanDigest, row),
  });
  const lookUps = lookUpsOf(repeatedRows, queryAt, ports);
  const storedAt = async (row: number): Promise<AnswerOrProblem> => {
    const stored = (await lookUps.get(ports.clientAt(row)))?.get(contentsOf(queryAt(row)));
    const timings = timingsOf(batch, moments, row, performance.now());
    // What was moved into an archive is known for a while, but not kept here.
    if (stored === undefined) return { ...answerAt(row), repeated: true };
    return storedAnswerOf(stored, timings, ports.policy);
  };
  return Array.from({ length: rowsOf(readings) }, (_, row) =>
    repeated.has(row) ? awaited(storedAt(row)) : answerAt(row),
  );
}

type Contents = Pick<StoredVerdict, 'scanId' | 'plant' | 'digest'>;

/** One look-up for each client; what it finds, by scan id, plant and digest. */
function lookUpsOf(
  rows: readonly number[],
  queryAt: (row: number) => Contents,
  { verdictsOf, clientAt }: LookUpPorts,
): Map<string, Promise<ReadonlyMap<string, StoredVerdict>>> {
  const lookUps = new Map<string, Promise<ReadonlyMap<string, StoredVerdict>>>();
  for (const [client, own] of Map.groupBy(rows, clientAt)) {
    lookUps.set(client, awaited(verdictsOf(own.map(queryAt), client).then(byContents)));
  }
  return lookUps;
}

/** The first under each scan id, plant and digest: a batch may hold thousands of scans that came again. */
function byContents(verdicts: readonly StoredVerdict[]): ReadonlyMap<string, StoredVerdict> {
  return new Map(verdicts.map((known) => [contentsOf(known), known] as const).toReversed());
}

function contentsOf({ scanId, plant, digest }: Contents): string {
  return JSON.stringify([scanId, plant, String(digest)]);
}

/** A promise whose failure is told to those who wait for it, however late, and ends nothing else. */
function awaited<Result>(promise: Promise<Result>): Promise<Result> {
  promise.catch(() => {});
  return promise;
}

/** A verdict of the store as it is sent. */
export function storedAnswerOf(
  { payload, ...verdict }: Omit<StoredVerdict, 'digest'>,
  timings: AnswerTimings | null,
  policy: AnswerPolicy,
): Answer {
  const fields = payload === null ? null : fieldsOf(payload);
  return answerOf({ ...verdict, fields }, { isRepeated: true, timings }, policy);
}

function answerOf(
  verdict: Omit<StoredVerdict, 'digest' | 'payload'> & Pick<Answer, 'fields'>,
  { isRepeated, timings }: { isRepeated: boolean; timings: AnswerTimings | null },
  policy: AnswerPolicy,
): Answer {
  const { scanId, plant, disposition, reasons, fields, trustVersion, policyVersion, findingIds, extra, unchecked } =
    verdict;
  return {
    scanId,
    plant,
    disposition,
    late: false,
    reasons: reasons.map((code) => {
      // What an earlier policy said of each reason is not kept; what it came to is.
      const isOfNow = policyVersion === policy.version;
      return reasonOf(code, isOfNow ? (policy.dispositions[code] ?? 'manual') : TREATMENT_OF[disposition]);
    }),
    fields,
    findingIds: [...findingIds],
    ignoredFields: [...ignoredFieldsOf(extra, false)],
    unchecked: [...unchecked],
    trustVersion,
    policyVersion,
    repeated: isRepeated,
    timings,
  };
}

const TREATMENT_OF = { accept: 'pass', divert: 'divert', manual: 'manual' } as const;

/** What is answered when the deadline has passed: no verdict, which follows. */
export function lateAnswerOf(
  { scanId, plant, arrivedAtMs }: Pick<PendingAnswer, 'scanId' | 'plant' | 'arrivedAtMs'>,
  { disposition, trustVersion, policyVersion }: Pick<Answer, 'disposition' | 'trustVersion' | 'policyVersion'>,
): Answer {
  const totalMs = round(performance.now() - arrivedAtMs);
  return {
    scanId,
    plant,
    disposition,
    late: true,
    reasons: [reasonOf('deadline-passed', TREATMENT_OF[disposition])],
    fields: null,
    findingIds: [],
    ignoredFields: [],
    unchecked: [],
    trustVersion,
    policyVersion,
    repeated: false,
    timings: { waitMs: totalMs, readMs: 0, recordMs: 0, totalMs },
  };
}

function reasonOf(code: AnswerReasonCode, treatment: AnswerReason['treatment']): AnswerReason {
  return { code, sentence: isReasonCode(code) ? REASONS[code] : ANSWER_ONLY_REASONS[code], treatment };
}

function timingsOf(
  { readMs, recordMs }: BatchAnswers,
  { arrivedAtMs, takenAtMs }: BatchMoments,
  row: number,
  nowMs: number,
): AnswerTimings {
  const arrived = arrivedAtMs(row);
  return {
    waitMs: round(takenAtMs - arrived),
    readMs: round(readMs),
    recordMs: round(recordMs),
    totalMs: round(nowMs - arrived),
  };
}

/** Microseconds are as much as a clock tells. */
function round(ms: number): number {
  return Math.max(0, Math.round(ms * 1_000) / 1_000);
}
