import { type Static, Type } from 'typebox';
import { ANSWER_REASON_CODES, DISPOSITIONS, SUITES, UNCHECKED, UNCHECKED_CODES } from '../indicium/index.ts';
import { FIELD_PROBLEMS } from '../scans/index.ts';
import { SCAN_FIELDS } from '../scans/shapes/index.ts';
import { BATCH_REQUEST_SCANS_MAX, DEADLINE_MS_MAX } from './limits.ts';
import { Problem } from './problems.ts';

/** The bodies of the sorter's API, version 1: what validates them is what docs and clients are made from. */

export const DeadlineMs = Type.Integer({
  minimum: 1,
  maximum: DEADLINE_MS_MAX,
  description:
    'Milliseconds from the arrival of the request after which the default disposition is answered, marked late.',
});

/**
 * One scan, as an NDJSON line has it. Only what is required to answer at all is refused with 400; a field that merely
 * describes the scan and is not as it should be is kept among the unknown ones, since the mark counts.
 */
export const ScanRequest = Type.Object(
  {
    ...SCAN_FIELDS,
    deadlineMs: Type.Optional(DeadlineMs),
  },
  { title: 'ScanRequest', description: 'Unknown fields are kept with the scan.' },
);
export type ScanRequest = Static<typeof ScanRequest>;

export const BatchRequest = Type.Object(
  {
    scans: Type.Array(ScanRequest, { minItems: 1, maxItems: BATCH_REQUEST_SCANS_MAX }),
    deadlineMs: Type.Optional(DeadlineMs),
  },
  { title: 'BatchRequest', description: 'A deadline of a scan of its own comes before that of the batch.' },
);
export type BatchRequest = Static<typeof BatchRequest>;

const TREATMENTS = ['divert', 'manual', 'pass'] as const;

export const AnswerReason = Type.Object(
  {
    code: Type.Enum(ANSWER_REASON_CODES),
    sentence: Type.String({ description: 'For people.' }),
    treatment: Type.Enum(TREATMENTS, {
      description: 'What the policy does for it; `pass` is a note on an accepted piece.',
    }),
  },
  { title: 'AnswerReason' },
);
export type AnswerReason = Static<typeof AnswerReason>;

const Digits = Type.String({ pattern: '^[0-9]+$' });

/** What the mark says. Counters and amounts (mills: thousandths of the currency unit) are digits, exact at any size. */
export const AnswerFields = Type.Object(
  {
    version: Type.Integer(),
    suite: Type.Enum(Object.values(SUITES).map(({ name }) => name)),
    keyId: Type.Integer(),
    license: Type.Integer(),
    psd: Type.String(),
    epoch: Type.Integer(),
    pieceCount: Digits,
    ascendingMills: Digits,
    descendingMills: Type.Union([Digits, Type.Null()]),
    postageMills: Digits,
    rateCategory: Type.Integer(),
    printedAt: Type.String({ format: 'date-time' }),
    depositPostcode: Type.String(),
    destinationPostcode: Type.Union([Type.String(), Type.Null()]),
  },
  { title: 'AnswerFields' },
);
export type AnswerFields = Static<typeof AnswerFields>;

export const IgnoredField = Type.Object(
  {
    field: Type.String({ description: 'Of the scan, as it was given.' }),
    problem: Type.Enum(Object.keys(FIELD_PROBLEMS)),
  },
  { title: 'IgnoredField', description: 'A field that was given and not used, since it is not as it should be.' },
);

const Ms = Type.Number({ minimum: 0 });
export const AnswerTimings = Type.Object(
  {
    waitMs: { ...Ms, description: 'From the arrival of the request until its scan was taken up.' },
    readMs: { ...Ms, description: 'Until its mark was read and its signature checked.' },
    recordMs: { ...Ms, description: 'Until it was judged and durable.' },
    totalMs: { ...Ms, description: 'From the arrival of the request until this answer.' },
  },
  { title: 'AnswerTimings' },
);
export type AnswerTimings = Static<typeof AnswerTimings>;

export const Answer = Type.Object(
  {
    scanId: Type.String(),
    plant: Type.Union([Type.String(), Type.Null()], { description: 'With the scan id, what the scan is known by.' }),
    disposition: Type.Enum(DISPOSITIONS),
    late: Type.Boolean({
      description: 'True when the deadline passed first: then this is the default disposition and no verdict.',
    }),
    reasons: Type.Array(AnswerReason),
    fields: Type.Union([AnswerFields, Type.Null()]),
    findingIds: Type.Array(Type.String(), { description: 'kind/license/psd/key of what detectors found so far.' }),
    ignoredFields: Type.Array(IgnoredField, {
      description: 'Fields of the scan that were not used; their values are kept. Empty where a deadline passed first.',
    }),
    unchecked: Type.Array(
      Type.Enum(UNCHECKED_CODES, {
        description: Object.values(UNCHECKED)
          .map(({ sentence }) => sentence)
          .join(' '),
      }),
      {
        description:
          'Checks of a genuine mark that were not made because something they need was missing. Empty where a deadline passed first.',
      },
    ),
    trustVersion: Type.Integer({ description: 'Of the trust list that the verdict rests on.' }),
    policyVersion: Type.Integer(),
    repeated: Type.Boolean({ description: 'The scan was recorded before, and this is its verdict of then.' }),
    timings: Type.Union([AnswerTimings, Type.Null()], { description: 'Null where a verdict was only looked up.' }),
  },
  { title: 'Answer' },
);
export type Answer = Static<typeof Answer>;

/** A line of a stream, or an element of a batch: an answer, or the problem that is there instead of it. */
export const AnswerOrProblem = Type.Union([Answer, Problem]);
export type AnswerOrProblem = Static<typeof AnswerOrProblem>;

export const BatchAnswer = Type.Object(
  { verdicts: Type.Array(AnswerOrProblem, { description: 'In the order of the scans.' }) },
  { title: 'BatchAnswer' },
);
export type BatchAnswer = Static<typeof BatchAnswer>;

export const Health = Type.Object(
  {
    status: Type.Enum(['ok', 'failing']),
    checks: Type.Record(Type.String(), Type.Object({ ok: Type.Boolean(), detail: Type.String() })),
  },
  { title: 'Health' },
);
export type Health = Static<typeof Health>;
