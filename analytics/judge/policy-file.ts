import { hash } from 'node:crypto';
import { type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { excerpt, FILE_FAULTS, REASON_CODES, readNamedFile, strictJson } from '../../indicium/index.ts';
import { POLICY_BYTES_MAX } from '../limits.ts';
import { DEFAULT_POLICY, type Policy, PolicyError, TREATMENTS } from './default-policy.ts';

const closed = (properties: Record<string, TSchema>) => Type.Object(properties, { additionalProperties: false });
const whole = (minimum: number, maximum: number) => Type.Integer({ minimum, maximum });
const TreatmentShape = Type.Union(TREATMENTS.map((treatment) => Type.Literal(treatment)));

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

/** What a file may hold: some or all of the defaults, and nothing else. */
const FileShape = Compile(
  closed({
    version: Version,
    dispositions: optionally(Object.fromEntries(REASON_CODES.map((reason) => [reason, TreatmentShape]))),
    findings: optionally(
      Object.fromEntries(Object.keys(DEFAULT_POLICY.findings).map((kind) => [kind, TreatmentShape])),
    ),
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
  const { dispositions, findings, parameters, severityScores, outsiderScoreMax } = DEFAULT_POLICY;
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
