import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import {
  ExpectedError,
  excerpt,
  FILE_FAULTS,
  REASON_CODES,
  readNamedFile,
  type Severity,
  strictJson,
} from '../../indicium/index.ts';
import { POLICY_BYTES_MAX } from '../limits.ts';

/** The policy file is missing, is not JSON, or asks for what no detector or reason has. */
export class PolicyError extends ExpectedError {
  override readonly name = 'PolicyError';
  override readonly failure = 'policy';
}

/** `divert`: pull it out. `manual`: a person must look. `pass`: let it run, with the reason kept as a note. */
type Treatment = 'divert' | 'manual' | 'pass';

/** Thresholds, and what is done about each reason and finding; docs/DETECTORS.md describes the file. */
export interface Policy {
  /** Raised with each change of the file: findings are known by it. */
  readonly version: number;
  /** SHA-256 of all that it says: two files may claim one version, but not one digest. */
  readonly digest: string;
  /** What is done with a piece at the divert gate, by reason code. */
  readonly dispositions: Readonly<Record<string, Treatment>>;
  /** What a piece deserved that a finding names afterwards, by kind of finding. */
  readonly findings: Readonly<Record<string, Treatment>>;
  /** By the name of a detector; what each means stands at the head of its file. */
  readonly parameters: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Weights by which cases are put in order. */
  readonly severityScores: Readonly<Record<Exclude<Severity, 'information'>, number>>;
  /** The most that a case scores that anybody with a printer can make: no more than one find of severity high. */
  readonly outsiderScoreMax: number;
}

const closed = (properties: Record<string, TSchema>) => Type.Object(properties, { additionalProperties: false });
const whole = (minimum: number, maximum: number) => Type.Integer({ minimum, maximum });
const TreatmentShape = Type.Union([Type.Literal('divert'), Type.Literal('manual'), Type.Literal('pass')]);

const JourneyShapes = { speedKmPerHour: whole(1, 1e6), clockToleranceMinutes: whole(0, 1e6) };
const PathShapes = {
  toleranceGrams: whole(0, 1e6),
  toleranceShare: Type.Number({ minimum: 0, maximum: 1 }),
  areasMax: whole(1, 1e6),
  reentryHours: whole(1, 1e6),
};
const ParameterShapes: Record<string, Record<string, TSchema>> = {
  'claimed-time': { scansMin: whole(1, 1e9) },
  'cloned-id': { ...JourneyShapes, ...PathShapes, scansMax: whole(2, 200) },
  copy: { ...JourneyShapes, unidentifiedScansMax: whole(1, 200) },
  'doubtful-path': { ...JourneyShapes, ...PathShapes, scansPerPassMax: whole(1, 200) },
  coverage: { unseenShareMax: Type.Number({ minimum: 0, maximum: 1 }), countedPiecesMin: whole(1, 1e9) },
  'faster-than-printer': {
    piecesPerMinuteMax: whole(1, 1e6),
    dateTickSeconds: whole(0, 86_400),
    seenShareMin: Type.Number({ minimum: 0, maximum: 1 }),
    dateTickHoursMax: whole(0, 8_760),
  },
  'short-postage': { toleranceGrams: whole(0, 1e6) },
  'two-places': JourneyShapes,
  'plant-clock': {
    hoursMin: whole(1, 1e6),
    aloneHoursMin: whole(1, 1e6),
    licensesMin: whole(2, 1e6),
    scansMin: whole(1, 1e9),
  },
  'plant-scale': {
    timesMin: Type.Number({ minimum: 1.01, maximum: 1e6 }),
    licensesMin: whole(2, 1e6),
    scansMin: whole(1, 1e9),
  },
  'unreadable-share': {
    scansMin: whole(1, 1e9),
    shareMin: Type.Number({ minimum: 0, maximum: 1 }),
    timesUsual: Type.Number({ minimum: 1, maximum: 1e6 }),
  },
  'volume-change': {
    timesMedian: Type.Number({ minimum: 1, maximum: 1e6 }),
    daysBefore: whole(1, 3_650),
    daysMin: whole(1, 3_650),
    piecesMin: whole(1, 1e9),
  },
  'wrong-destination': { comparedCharacters: whole(1, 12), comparedCharactersMin: whole(1, 12) },
};

const Score = whole(0, 1e6);
const ScoreShape = Type.Object({ critical: Score, high: Score, medium: Score, low: Score });
const Version = whole(1, 2 ** 31);
const Treatments = Type.Record(Type.String(), TreatmentShape);
const Parameters = Type.Record(Type.String(), Type.Record(Type.String(), Type.Number()));
const Whole = Compile(
  Type.Object({
    version: Version,
    dispositions: Treatments,
    findings: Treatments,
    parameters: Parameters,
    severityScores: ScoreShape,
    outsiderScoreMax: Score,
  }),
);
/** The same with parts left out; which names there may be is for `FileShape` to say. */
const Part = Compile(
  Type.Object({
    version: Version,
    dispositions: Type.Optional(Treatments),
    findings: Type.Optional(Treatments),
    parameters: Type.Optional(Parameters),
    severityScores: Type.Optional(Type.Partial(ScoreShape)),
    outsiderScoreMax: Type.Optional(Score),
  }),
);

/** All defaults in one file, which is also what an operator copies. */
const DEFAULTS = wholePolicy(
  'default-policy.json',
  readFileSync(new URL('default-policy.json', import.meta.url), 'utf8'),
);

/** What a file may hold: some or all of the defaults, and nothing else. */
const FileShape = Compile(
  closed({
    version: Version,
    dispositions: optionally(Object.fromEntries(REASON_CODES.map((reason) => [reason, TreatmentShape]))),
    findings: optionally(Object.fromEntries(Object.keys(DEFAULTS.findings).map((kind) => [kind, TreatmentShape]))),
    parameters: optionally(
      Object.fromEntries(Object.entries(ParameterShapes).map(([detector, shapes]) => [detector, partial(shapes)])),
    ),
    severityScores: optionally({ critical: Score, high: Score, medium: Score, low: Score }),
    outsiderScoreMax: Type.Optional(Score),
  }),
);

function partial(shapes: Record<string, TSchema>) {
  return closed(Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, Type.Optional(shape)])));
}

function optionally(shapes: Record<string, TSchema>) {
  return Type.Optional(partial(shapes));
}

export const DEFAULT_POLICY: Policy = DEFAULTS;

/**
 * Reads a policy; what the file does not name is as in the default policy, and so is all where no file is named.
 *
 * @throws PolicyError
 */
export function readPolicy(path: string | undefined): Policy {
  if (path === undefined) return DEFAULT_POLICY;
  const file = readNamedFile(path, POLICY_BYTES_MAX);
  if (file === 'absent') throw new PolicyError(`${path}: no such policy file`);
  if (file === 'too-long') throw new PolicyError(`${path}: larger than a policy can be`);
  if (typeof file === 'string') throw new PolicyError(`${path}: ${FILE_FAULTS[file]}`);
  const given = parsed(path, file.bytes.toString('utf8'));
  if (!FileShape.Check(given)) throw new PolicyError(`${path}: ${firstProblem(FileShape, given)}`);
  if (!Part.Check(given)) throw new PolicyError(`${path}: ${firstProblem(Part, given)}`);
  const { dispositions, findings, parameters, severityScores, outsiderScoreMax } = DEFAULTS;
  const merged = {
    version: given.version,
    dispositions: { ...dispositions, ...given.dispositions },
    findings: { ...findings, ...given.findings },
    parameters: Object.fromEntries(
      Object.entries(parameters).map(([name, values]) => [name, { ...values, ...given.parameters?.[name] }]),
    ),
    severityScores: { ...severityScores, ...given.severityScores },
    outsiderScoreMax: given.outsiderScoreMax ?? outsiderScoreMax,
  };
  return wholePolicy(path, JSON.stringify(merged));
}

function wholePolicy(path: string, text: string): Policy {
  const value = parsed(path, text);
  if (!Whole.Check(value)) throw new PolicyError(`${path}: ${firstProblem(Whole, value)}`);
  return { ...value, digest: hash('sha256', JSON.stringify(value)) };
}

function parsed(path: string, text: string): unknown {
  const read = strictJson(text);
  if ('problem' in read) throw new PolicyError(`${path}: ${read.problem}`);
  return read.value;
}

interface Checker {
  Errors(value: unknown): readonly { readonly instancePath: string; readonly message: string }[];
}

function firstProblem(shape: Checker, value: unknown): string {
  const [first] = shape.Errors(value);
  if (first === undefined) return 'not a policy';
  const message = first.message === 'schema is false' ? 'is not part of a policy' : first.message;
  return excerpt(`${first.instancePath || '/'} ${message}`);
}
