import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type Indicium, parseIndicium } from '../../indicium/index.ts';
import { type Scenario, simulate, type TruthLine } from '../../psd-sim/index.ts';
import { jsonLines } from '../support/command-line.ts';
import { temporaryFolder } from '../support/temporary.ts';

const HONEST_DAY: Scenario = {
  seed: 21,
  pieces: 900,
  psds: 9,
  licenses: 6,
  frauds: [],
  images: 'none',
  dayMs: Date.UTC(2026, 10, 20),
};

interface ScanLine {
  readonly scanId: string;
  readonly scannedAt: string;
  readonly payload: string;
}

async function honestDay(test: TestContext, change: Partial<Scenario> = {}) {
  const folder = await temporaryFolder(test);
  await simulate({ ...HONEST_DAY, ...change }, folder);
  const lines = async <Line>(file: string) => jsonLines<Line>(await readFile(join(folder, file), 'utf8'));
  const scans = await lines<ScanLine>('scans.ndjson');
  const marks = new Map(
    scans.map(({ scanId, scannedAt, payload }) => {
      const parsed = parseIndicium(Buffer.from(payload, 'base64'));
      assert.ok('indicium' in parsed);
      return [scanId, { ...parsed.indicium, scannedAtMs: Date.parse(scannedAt) }];
    }),
  );
  const truth = await lines<TruthLine>('truth.ndjson');
  /** The marks of each occurrence of a trap, in the order of their counters. */
  const of = (honest: string) => {
    const named = truth.filter((line) => 'honest' in line && line.honest === honest);
    assert.ok(named.length > 0, `no ${honest} on that day`);
    return named.map((line) => line.scanIds.map((scanId) => markOf(scanId)).toSorted(byCount));
  };
  const markOf = (scanId: string) => {
    const mark = marks.get(scanId);
    assert.ok(mark !== undefined, scanId);
    return mark;
  };
  return { folder, marks: [...marks.values()], of, lines };
}

function byCount(a: Indicium, b: Indicium): number {
  return Number(a.pieceCount - b.pieceCount);
}

describe('on an honest day', () => {
  it('register sets move to disk and back: the epoch rises, counters go on', async (test) => {
    const { marks, of } = await honestDay(test);
    for (const [first] of of('moved-set')) {
      const set = marks.filter(({ license, psd }) => license === first?.license && psd === first.psd).toSorted(byCount);
      const epochs = set.map(({ epoch }) => epoch);
      assert.ok((epochs.at(-1) ?? 0) > 0);
      assert.deepEqual(
        epochs,
        epochs.toSorted((a, b) => a - b),
        'never back',
      );
      const counts = new Set(set.map(({ pieceCount }) => pieceCount));
      const marksSeen = new Set(set.map(({ signedBytes }) => Buffer.from(signedBytes).toString('hex')));
      assert.equal(counts.size, marksSeen.size, 'and no counter on two marks');
    }
  });

  it('a PSD is replaced under its licenses: the old one is withdrawn, the new one starts at 1', async (test) => {
    const { of, lines } = await honestDay(test);
    const [[first] = []] = of('replaced-psd');
    const withdrawals = await lines<{ license: number; psd: string }>('registry/withdrawals.ndjson');
    assert.ok(withdrawals.some(({ license, psd }) => license === first?.license && psd !== first.psd));
    assert.equal(first?.pieceCount, 1n);
    const grants = await lines<{ license: number; endedAtMs: number | null }>('registry/grants.ndjson');
    assert.ok(grants.some(({ license, endedAtMs }) => license === first?.license && endedAtMs !== null));
  });

  it('several PSDs are replaced in a large fleet, and franked with before the evening', async (test) => {
    const { of, lines } = await honestDay(test, { pieces: 2_000, psds: 170, licenses: 140 });
    const successors = new Set(of('replaced-psd').map(([first]) => first?.psd));
    const withdrawals = await lines<{ psd: string }>('registry/withdrawals.ndjson');
    assert.ok(successors.size >= 1 && new Set(withdrawals.map(({ psd }) => psd)).size >= 2);
    assert.ok(withdrawals.every(({ psd }) => !successors.has(psd)));
  });

  it('power fails between debit and mark: one counter is never seen', async (test) => {
    const { marks, of } = await honestDay(test);
    for (const [first] of of('spoiled')) {
      const before = marks.filter(({ license, psd, pieceCount }) => {
        return license === first?.license && psd === first.psd && pieceCount === (first?.pieceCount ?? 0n) - 1n;
      });
      assert.deepEqual(before, []);
    }
  });

  it('keys are renewed, licenses are on several PSDs, sorters have other clocks', async (test) => {
    const { marks, of } = await honestDay(test);
    for (const [first] of of('renewed-key')) {
      const set = marks.filter(({ license, psd }) => license === first?.license && psd === first.psd);
      assert.equal(new Set(set.map(({ keyId }) => keyId)).size, 2);
    }
    for (const [first] of of('shared-license')) {
      const same = marks.filter(({ license }) => license === first?.license);
      assert.ok(new Set(same.map(({ psd }) => psd)).size > 1);
    }
    for (const [mark] of of('clock-skew')) assert.ok((mark?.scannedAtMs ?? 0) < (mark?.printedAtMs ?? 0));
  });

  it('some pieces are never scanned, which leaves gaps between their neighbors', async (test) => {
    const { marks, of } = await honestDay(test);
    const isSeen = ({ license, psd }: Indicium, pieceCount: bigint) => {
      return marks.some((mark) => mark.license === license && mark.psd === psd && mark.pieceCount === pieceCount);
    };
    for (const [neighbor] of of('lost')) {
      assert.ok(neighbor !== undefined);
      const gaps = [neighbor.pieceCount - 1n, neighbor.pieceCount + 1n].filter((count) => !isSeen(neighbor, count));
      assert.ok(gaps.length > 0);
    }
  });

  it('is the same with offices behind HTTP', async (test) => {
    const [inside, http] = [
      await honestDay(test, { pieces: 200 }),
      await honestDay(test, { pieces: 200, offices: 'http' }),
    ];
    for (const file of ['keys', 'licenses', 'grants', 'funds', 'withdrawals']) {
      const path = `registry/${file}.ndjson`;
      assert.deepEqual(await http.lines(path), await inside.lines(path), file);
    }
    assert.equal(http.marks.length, inside.marks.length);
  });

  it('postpaid marks have no descending register, and what was printed is billed to the mill', async (test) => {
    const { marks, lines } = await honestDay(test, { payment: 'postpaid' });
    assert.ok(marks.every(({ descendingMills }) => descendingMills === null));
    const bills = await lines<{ license: number; psd: string; amountMills: number }>('registry/funds.ndjson');
    const billed = Map.groupBy(bills, ({ license, psd }) => `${license} ${psd}`);
    for (const [set, its] of Map.groupBy(marks, ({ license, psd }) => `${license} ${psd}`)) {
      const printedMills = Math.max(...its.map(({ ascendingMills }) => ascendingMills));
      const billedMills = (billed.get(set) ?? []).reduce((sum, { amountMills }) => sum + amountMills, 0);
      assert.ok(billedMills >= printedMills, `${set}: ${billedMills} billed, ${printedMills} seen`);
    }
  });
});
