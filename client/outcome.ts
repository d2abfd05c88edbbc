import { Compile } from 'typebox/compile';
import {
  type Answer,
  AnswerOrProblem,
  Answer as AnswerShape,
  BatchAnswer,
  type ProblemCode,
  Problem as ProblemShape,
} from '../api/index.ts';
import type { HttpAnswer, NoAnswer } from './exchange.ts';
import type { Tried } from './retry.ts';

/** What only a client can say: the server was not there, did not answer in time, or answered something else. */
export type ClientCode = ProblemCode | 'unreachable' | 'no-answer' | 'unexpected-answer';

/** Why there is no answer. The piece needs a disposition from the caller. */
export interface ClientProblem {
  readonly code: ClientCode;
  /** For people. */
  readonly detail: string;
  /** HTTP status; null where the server said nothing. */
  readonly status: number | null;
  /** Null where the request was not about one scan. */
  readonly scanId: string | null;
}

/** `'code' in outcome` tells a problem from an answer. */
export type Outcome = Answer | ClientProblem;

const CheckAnswer = Compile(AnswerShape);
const CheckAnswerOrProblem = Compile(AnswerOrProblem);
const CheckBatch = Compile(BatchAnswer);
const CheckProblem = Compile(ProblemShape);

export function answerOf(response: HttpAnswer | NoAnswer, scanId: string): Tried<Outcome> {
  const value = bodyOf(response);
  return CheckAnswer.Check(value) ? settled(value) : problemOf(response, scanId);
}

/** An outcome for each scan that was sent; those worth another attempt are `again`. */
export function batchOf(response: HttpAnswer | NoAnswer, scanIds: readonly string[]): Tried<Outcome>[] {
  const value = bodyOf(response);
  if (CheckBatch.Check(value) && value.verdicts.length === scanIds.length) {
    return value.verdicts.map((verdict, index) => elementOf(verdict, scanIds[index] ?? null));
  }
  return scanIds.map((scanId) => problemOf(response, scanId));
}

/** A line of a stream. */
export function lineOutcome(text: string, scanId: string): Outcome {
  const value = jsonOf(text);
  if (!CheckAnswerOrProblem.Check(value))
    return unexpected(`not of this interface: ${text.slice(0, 200)}`, 200, scanId);
  if (value.scanId !== undefined && value.scanId !== scanId) {
    return unexpected(`of another scan: ${value.scanId}`, 200, scanId);
  }
  return elementOf(value, scanId).outcome;
}

/** Of the line by which a server ends a stream early; null for all others. */
export function endingOf(text: string): Tried<ClientProblem> | null {
  const value = jsonOf(text);
  if (!CheckProblem.Check(value) || value.endedAfterLine === undefined) return null;
  const { code, detail, status } = value;
  return { outcome: { code, detail, status, scanId: null }, retryAfterMs: mayRecover(status) ? 0 : null };
}

/** A late verdict; null for any other line. */
export function lateAnswer(text: string): Answer | null {
  const value = jsonOf(text);
  return CheckAnswer.Check(value) ? value : null;
}

/** For a response that holds no answer, about one scan or none. */
export function problemOf(response: HttpAnswer | NoAnswer, scanId: string | null): Tried<ClientProblem> {
  if ('code' in response) {
    const { code, detail } = response;
    // Without an answer in time there is no time left, either.
    return { outcome: { code, detail, status: null, scanId }, retryAfterMs: code === 'unreachable' ? 0 : null };
  }
  const { status, headers } = response;
  const value = bodyOf(response);
  if (!CheckProblem.Check(value)) return settled(unexpected('not of this interface', status, scanId));
  const { code, detail } = value;
  return {
    outcome: { code, detail, status, scanId: value.scanId ?? scanId },
    retryAfterMs: mayRecover(status) ? headerWaitMs(headers['retry-after']) : null,
  };
}

function elementOf(verdict: AnswerOrProblem, scanId: string | null): Tried<Outcome> {
  if (!('code' in verdict)) return settled(verdict);
  const { code, detail, status } = verdict;
  return {
    outcome: { code, detail, status, scanId: verdict.scanId ?? scanId },
    retryAfterMs: mayRecover(status) ? 0 : null,
  };
}

/** Too busy, draining or paused: the same request is answered later. */
function mayRecover(status: number): boolean {
  return status === 429 || status === 503;
}

function settled<Value>(outcome: Value): Tried<Value> {
  return { outcome, retryAfterMs: null };
}

function unexpected(detail: string, status: number, scanId: string | null): ClientProblem {
  return { code: 'unexpected-answer', detail, status, scanId };
}

function bodyOf(response: HttpAnswer | NoAnswer): unknown {
  return 'code' in response ? undefined : jsonOf(response.body);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Seconds as RFC 9110 has them; a date, which this server does not send, counts as none. */
function headerWaitMs(header: string | undefined): number {
  return header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : 0;
}
