import { readFileSync } from 'node:fs';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { ExpectedError } from '../../indicium/index.ts';
import { writeWhole } from './write-whole.ts';

const MEASUREMENT = Type.Object({
  /** What was measured, in the words of the table. */
  name: Type.String(),
  unit: Type.String(),
  better: Type.Union([Type.Literal('higher'), Type.Literal('lower')]),
  /**
   * Whether each sample is a ratio to what was measured beside it, in turn: only such figures can be compared between runs, since
   * the machine is shared and its speed changes by a third from one hour to the next.
   */
  isPaired: Type.Boolean(),
  samples: Type.Array(Type.Number()),
});

/** One figure of a benchmark, with all its samples. */
export type Measurement = Type.Static<typeof MEASUREMENT>;

const MEASURED = Type.Intersect([Type.Object({ benchmark: Type.String() }), MEASUREMENT]);

const RESULTS = Type.Object({
  format: Type.Literal('indicia-bench-1'),
  startedAt: Type.String(),
  commit: Type.Union([Type.String(), Type.Null()]),
  machine: Type.Object({
    processors: Type.Number(),
    model: Type.String(),
    memoryBytes: Type.Number(),
    system: Type.String(),
  }),
  versions: Type.Record(Type.String(), Type.String()),
  measurements: Type.Array(MEASURED),
});

/** A figure with the benchmark that gave it. */
export type Measured = Type.Static<typeof MEASURED>;
/** What `indicia bench --out` writes. */
export type Results = Type.Static<typeof RESULTS>;

/** Lines that a benchmark wrote, one figure each. */
export function measuredIn(benchmark: string, text: string): Measured[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ benchmark, ...Value.Parse(MEASUREMENT, JSON.parse(line)) }));
}

/** @throws ResultsError for a file that cannot be read or is not one of results. */
export function readResults(path: string): Results {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ResultsError(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  if (!Value.Check(RESULTS, value)) {
    const [first] = Value.Errors(RESULTS, value);
    const where = first === undefined ? '' : `: ${first.instancePath || '/'} ${first.message}`;
    throw new ResultsError(`${path}: not results of 'indicia bench --out'${where}`);
  }
  return value;
}

/** @throws ResultsError where it cannot be written; what was there before is left. */
export function writeResults(path: string, results: Results): void {
  try {
    writeWhole(path, `${JSON.stringify(results, null, 1)}\n`);
  } catch (error) {
    throw new ResultsError(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** A file of results that cannot be read or written. */
class ResultsError extends ExpectedError {
  override readonly name = 'ResultsError';
  readonly failure = 'results';
}
