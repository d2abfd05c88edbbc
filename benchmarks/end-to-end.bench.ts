import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type EndToEndRow,
  endToEndRows,
  type Outcome,
  readShareOfPart,
  runAfternoon,
  runIndicia,
} from './end-to-end.ts';
import { noteMeasurement } from './measurements.ts';
import { plotPairs } from './plot-pairs.ts';
import { count, machine, markdownTable, median } from './table.ts';

/**
 * Whole commands, from a file of scans to durable verdicts, against the program of an afternoon (benchmarks/baseline/) over the
 * same file: starting, compiling and ending included. The two take turns. INDICIA_ROUNDS sets how often (1).
 */

const ROUNDS = Number(process.env.INDICIA_ROUNDS ?? 1);
const AIMS: Readonly<Record<string, number>> = { payloads: 20, 'crops, PNG': 10, 'crops, JPEG': 10, 'faces, JPEG': 20 };

const folder = await mkdtemp(join(tmpdir(), 'indicia-end-to-end-'));
try {
  process.stdout.write(`${machine()}; rounds in turns: ${ROUNDS}; medians\n\n`);
  const table: string[][] = [];
  const bars: { label: string; first: number; second: number }[] = [];
  for (const row of await endToEndRows(folder)) {
    const measured = await inTurns(row);
    const ratios = measured.map(({ ours, theirs }) => ours.aSecond / theirs.aSecond);
    noteMeasurement({
      name: `${row.name}, a second over the afternoon program`,
      unit: 'times',
      better: 'higher',
      isPaired: true,
      samples: ratios,
    });
    const middle = (of: (pair: Pair) => number) => median(measured.map(of));
    const [last] = measured.slice(-1);
    bars.push({
      label: row.name,
      first: middle(({ ours }) => ours.aSecond),
      second: middle(({ theirs }) => theirs.aSecond),
    });
    table.push([
      row.name,
      count(middle(({ ours }) => ours.aSecond)),
      count(middle(({ theirs }) => theirs.aSecond)),
      `${median(ratios).toFixed(1)} (${Math.min(...ratios).toFixed(1)} to ${Math.max(...ratios).toFixed(1)})`,
      AIMS[row.name] === undefined ? '–' : `${AIMS[row.name]}`,
      middle(({ ours }) => ours.processorMs).toFixed(2),
      middle(({ theirs }) => theirs.processorMs).toFixed(2),
      `${percent(await readShareOfPart(row, join(folder, 'part.duckdb')))}, ${percent(last?.theirs.readShare)}`,
      `${middle(({ ours }) => ours.peakBytes / 2 ** 20).toFixed(0)}, ${middle(({ theirs }) => theirs.peakBytes / 2 ** 20).toFixed(0)}`,
    ]);
  }
  const headings = [
    'pieces',
    'indicia, a second',
    'afternoon, a second',
    'ratio',
    'aim',
    'indicia, processor ms a piece',
    'afternoon, ms',
    'read, of what both were given',
    'peak memory, MiB',
  ];
  process.stdout.write(markdownTable(headings, table));
  const names = { first: 'indicia run', second: 'the program of an afternoon' };
  plotPairs('end-to-end', 'Pieces a second to a durable verdict', names, bars);
} finally {
  await rm(folder, { recursive: true });
}

interface Pair {
  readonly ours: Outcome;
  readonly theirs: Outcome;
}

async function inTurns(row: EndToEndRow): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const theirs = await runAfternoon(row, join(folder, `afternoon-${round}.duckdb`));
    const ours = await runIndicia(row, join(folder, `indicia-${round}.duckdb`));
    pairs.push({ ours, theirs });
    if (process.stderr.isTTY) process.stderr.write(`${row.name}: round ${round} of ${ROUNDS}\n`);
  }
  return pairs;
}

function percent(share: number | undefined): string {
  return share === undefined ? '–' : `${(100 * share).toFixed(1)} %`;
}
