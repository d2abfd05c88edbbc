import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { steadyStateOf } from '../../benchmarks/steady-state.ts';
import { measureSteady, type Subject } from '../../benchmarks/steady-windows.ts';
import { indicia } from '../support/command-line.ts';

const windowsOf = (rates: readonly number[]) =>
  rates.map((rate) => ({ pieces: 2 * rate, seconds: 2, processorSeconds: 1 }));

/** Work that goes on at a rate by the second, on a clock that moves only when somebody sleeps. */
class ScriptedWork implements Subject {
  readonly #rateAt: (second: number) => number;
  readonly #endsAtMs: number;
  #nowMs = 0;
  #pieces = 0;

  constructor(rateAt: (second: number) => number, endsAtSecond = Number.POSITIVE_INFINITY) {
    this.#rateAt = rateAt;
    this.#endsAtMs = 1000 * endsAtSecond;
  }

  readonly clock = {
    sleep: async (ms: number) => {
      this.#pieces += (this.#rateAt(this.#nowMs / 1000) * ms) / 1000;
      this.#nowMs += ms;
    },
  };

  progress() {
    return { pieces: this.#pieces, atMs: this.#nowMs };
  }

  processorSeconds() {
    return (2 * this.#nowMs) / 1000;
  }

  isOver() {
    return this.#nowMs > this.#endsAtMs;
  }
}

const PLAN = { warmingSeconds: 4, seconds: 12, windowSeconds: 2 };

function measured(work: ScriptedWork) {
  return measureSteady(work, PLAN, work.clock);
}

describe('windows of a benchmark', () => {
  it('are steady where they lie close together and go nowhere', () => {
    const { aSecond, drift, processorMs, problem } = steadyStateOf(windowsOf([1000, 1020, 980, 1010, 990, 1000]));
    assert.equal(problem, null);
    assert.equal(aSecond, 1000);
    assert.ok(Math.abs(drift) < 0.02);
    assert.equal(processorMs, 0.5);
  });

  it('are steady in spite of one that was held up', () => {
    assert.equal(
      steadyStateOf(windowsOf([1000, 1020, 980, 990, 1005, 1000, 1010, 995, 1000, 1015, 700])).problem,
      null,
    );
  });

  it('are not steady while the rate falls or rises', () => {
    for (const [rates, percent] of [
      [[1000, 950, 900, 850, 800, 750], '-28 %'],
      [[750, 800, 850, 900, 950, 1000], '28 %'],
    ] as const) {
      const { problem } = steadyStateOf(windowsOf(rates));
      assert.equal(problem, `the rate changed by ${percent} from the first window to the last`);
    }
  });

  it('are not steady where they lie far apart', () => {
    const { problem } = steadyStateOf(windowsOf([1000, 400, 1600, 1600, 400, 1000]));
    assert.match(problem ?? '', /^the windows lie 60 % to either side of their median$/);
  });

  it('say nothing where they are few, or where nothing was done', () => {
    assert.match(steadyStateOf([]).problem ?? '', /^the work was over after 0 of at least 5 windows$/);
    assert.match(steadyStateOf(windowsOf([1000, 1000])).problem ?? '', /after 2 of/);
    assert.match(steadyStateOf(windowsOf([0, 0, 0, 0, 0, 0])).problem ?? '', /^nothing was done/);
  });
});

describe('a measurement at steady state', () => {
  it('waits until the rate has settled', async () => {
    const state = await measured(new ScriptedWork((second) => (second < 10 ? 100 : 1000)));
    assert.equal(state.problem, null);
    assert.equal(state.aSecond, 1000);
    assert.equal(state.rates.length, 6);
    assert.ok(Math.abs(state.processorMs - 2) < 0.1);
  });

  it('gives up, with the reason, where it does not settle', async () => {
    const work = new ScriptedWork((second) => 1000 + 100 * second);
    assert.match((await measured(work)).problem ?? '', /^the rate changed by \d+ %/);
    // After the warming, twice the time of the windows.
    assert.ok(work.progress().atMs <= 1000 * (PLAN.warmingSeconds + 2 * PLAN.seconds) + 100);
  });

  it('gives up where the work ends before there are enough windows', async () => {
    assert.match((await measured(new ScriptedWork(() => 1000, 9))).problem ?? '', /^the work was over after 2 of/);
  });
});

describe('indicia bench steady', () => {
  it('fails and says which way did not become steady', async () => {
    const env = { INDICIA_STEADY_SECONDS: '1', INDICIA_STEADY_PAYLOADS: '400', INDICIA_STEADY_WAYS: 'payloads' };
    const { exitCode, stdout, stderr } = await indicia(['bench', 'steady'], { env });
    assert.equal(exitCode, 1);
    assert.match(stdout, /\| payloads \| 2 \| – \| .* \| no \|/);
    assert.match(stderr, /^not steady: payloads, 1 worker: the work was over after \d of at least 5 windows$/m);
    assert.match(stderr, /^indicia: the benchmark steady failed$/m);
  });
});
