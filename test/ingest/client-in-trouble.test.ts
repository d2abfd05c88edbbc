import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { problem } from '../../api/problems.ts';
import { connect, type Outcome, type SorterScan } from '../../client/index.ts';
import { readLines } from '../../scans/lines.ts';
import { accepted, answerJson, answerProblem, bodyText, scriptedServer } from '../support/scripted-server.ts';

const SCAN: SorterScan = { scanId: 'DBCS-12/20261122A/000123', payload: Buffer.from('mark') };

function codeOf(outcome: Outcome | undefined): string {
  return outcome === undefined ? 'nothing' : 'code' in outcome ? outcome.code : outcome.disposition;
}

describe('a client whose server is in trouble', () => {
  it('sends the same scan again when the connection breaks and when the server has no time for it', async (test) => {
    const bodies: string[] = [];
    const base = await scriptedServer(test, async (request, response) => {
      bodies.push(await bodyText(request));
      if (bodies.length === 1) request.socket.destroy();
      else if (bodies.length === 2) answerProblem(response, 'too-busy');
      else if (bodies.length === 3) answerProblem(response, 'draining');
      else answerJson(response, accepted(SCAN.scanId));
    });
    const outcome = await connect(base).verdict(SCAN);
    assert.equal(codeOf(outcome), 'accept');
    assert.deepEqual([bodies.length, new Set(bodies).size], [4, 1]);
  });

  it('waits as long as Retry-After says, and gives up at once where it has no time for that', async (test) => {
    const asked: number[] = [];
    const base = await scriptedServer(test, (_, response) => {
      asked.push(performance.now());
      if (asked.length === 1) answerProblem(response, 'too-busy', 1);
      else if (asked.length === 2) answerJson(response, accepted(SCAN.scanId));
      else answerProblem(response, 'store-paused', 3600);
    });
    const sorter = connect(base);
    assert.equal(codeOf(await sorter.verdict(SCAN)), 'accept');
    assert.ok((asked[1] ?? 0) - (asked[0] ?? 0) >= 990, 'not before the second was over');
    assert.equal(codeOf(await sorter.verdict(SCAN, { withinMs: 2_000 })), 'store-paused');
    assert.equal(asked.length, 3);
  });

  it('does not repeat what would be refused again', async (test) => {
    let asked = 0;
    const base = await scriptedServer(test, (_, response) => {
      asked += 1;
      answerProblem(response, 'scan-id-ambiguous');
    });
    const outcome = await connect(base).verdict(SCAN);
    assert.deepEqual([codeOf(outcome), asked], ['scan-id-ambiguous', 1]);
    assert.ok('code' in outcome && outcome.status === 409 && outcome.scanId === SCAN.scanId);
  });

  it('gives the server only what is left of the deadline', async (test) => {
    const deadlines: number[] = [];
    const base = await scriptedServer(test, async (request, response) => {
      deadlines.push(JSON.parse(await bodyText(request)).deadlineMs);
      if (deadlines.length === 1) setTimeout(() => request.socket.destroy(), 50);
      else answerJson(response, accepted(SCAN.scanId));
    });
    await connect(base, { deadlineMs: 5_000 }).verdict(SCAN);
    assert.equal(deadlines[0], 5_000);
    assert.ok((deadlines[1] ?? Number.NaN) <= 4_950, `${deadlines[1]}`);
  });

  it('says that no answer came, and that nobody was there', async (test) => {
    const silent = await scriptedServer(test, () => {});
    assert.equal(codeOf(await connect(silent).verdict({ ...SCAN, deadlineMs: 1 })), 'no-answer');
    const nobody = 'http://127.0.0.1:1';
    assert.equal(codeOf(await connect(nobody).verdict(SCAN, { withinMs: 100 })), 'unreachable');
    assert.equal(codeOf(await connect(nobody).verdict(SCAN, { attemptsMax: 1 })), 'unreachable');
  });

  it('believes no answer that is not of this interface', async (test) => {
    const answers = ['<html>', { ...accepted(SCAN.scanId), disposition: 'perhaps' }, { verdicts: [] }];
    const base = await scriptedServer(test, (_, response) => answerJson(response, answers.shift()));
    const sorter = connect(base);
    for (let call = 0; call < 2; call++) assert.equal(codeOf(await sorter.verdict(SCAN)), 'unexpected-answer');
    assert.deepEqual((await sorter.batch([SCAN])).map(codeOf), ['unexpected-answer']);
  });

  it('sends again only those scans of a batch that were refused for now', async (test) => {
    const batches: string[][] = [];
    const base = await scriptedServer(test, async (request, response) => {
      const { scans }: { scans: { scanId: string }[] } = JSON.parse(await bodyText(request));
      batches.push(scans.map(({ scanId }) => scanId));
      const busy = { type: 'urn:indicia:problem:too-busy', title: 't', status: 429, detail: 'd', code: 'too-busy' };
      answerJson(response, {
        verdicts: scans.map(({ scanId }) => (batches.length === 1 && scanId !== 'b' ? busy : accepted(scanId))),
      });
    });
    const scans = ['a', 'b', 'c'].map((scanId) => ({ ...SCAN, scanId }));
    const outcomes = await connect(base).batch(scans);
    assert.deepEqual(batches, [
      ['a', 'b', 'c'],
      ['a', 'c'],
    ]);
    assert.deepEqual(
      outcomes.map((outcome) => outcome.scanId),
      ['a', 'b', 'c'],
    );
  });
});

describe('a stream', () => {
  it('gives one answer for each scan, in their order, however often the connection breaks', async (test) => {
    let answersBeforeBreak: number[] = [];
    const base = await scriptedServer(test, async (request, response) => {
      let left = answersBeforeBreak.shift() ?? Number.POSITIVE_INFINITY;
      try {
        for await (const lines of readLines(request)) {
          for (const { bytes } of lines) {
            if (left-- <= 0) request.socket.destroy();
            else response.write(`${JSON.stringify(accepted(JSON.parse(`${bytes}`).scanId))}\n`);
          }
        }
        response.end();
      } catch {
        // The script broke it itself.
      }
    });
    const plan = fc.tuple(fc.integer({ min: 0, max: 400 }), fc.array(fc.nat(120), { maxLength: 4 }));
    await fc.assert(
      fc.asyncProperty(plan, async ([count, breaks]) => {
        answersBeforeBreak = [...breaks];
        const sorter = connect(base);
        const outcomes = await Array.fromAsync(sorter.stream(scans(count)));
        assert.deepEqual(
          outcomes.map(({ scanId }) => scanId),
          Array.from({ length: count }, (_, index) => `scan ${index}`),
        );
        assert.ok(outcomes.every((outcome) => codeOf(outcome) === 'accept'));
        sorter.close();
      }),
      { numRuns: 40 },
    );
  });

  it('sends again what was not taken where the server ends it early, and says so in the last line', async (test) => {
    let connections = 0;
    const base = await scriptedServer(test, async (request, response) => {
      connections += 1;
      let answered = 0;
      for await (const lines of readLines(request)) {
        for (const { bytes } of lines) {
          if (connections === 1 && answered === 3) {
            response.end(`${JSON.stringify({ ...problem('draining', 'the stream ends here'), endedAfterLine: 3 })}\n`);
            return;
          }
          answered += 1;
          response.write(`${JSON.stringify(accepted(JSON.parse(`${bytes}`).scanId))}\n`);
        }
      }
      response.end();
    });
    const outcomes = await Array.fromAsync(connect(base).stream(scans(8)));
    assert.deepEqual([outcomes.map(codeOf), connections], [Array.from({ length: 8 }, () => 'accept'), 2]);
  });

  it('reads answers while scans are still to come', async (test) => {
    const base = await scriptedServer(test, async (request, response) => {
      for await (const lines of readLines(request)) {
        for (const { bytes } of lines) response.write(`${JSON.stringify(accepted(JSON.parse(`${bytes}`).scanId))}\n`);
      }
      response.end();
    });
    let answered = 0;
    async function* oneByOne() {
      for (let index = 0; index < 5; index++) {
        assert.equal(answered, index);
        yield { ...SCAN, scanId: `scan ${index}` };
        while (answered <= index) await new Promise((resolve) => setImmediate(resolve));
      }
    }
    for await (const outcome of connect(base).stream(oneByOne())) answered += codeOf(outcome) === 'accept' ? 1 : 0;
    assert.equal(answered, 5);
  });

  it('ends with the problem where another attempt would not help, and goes on where it would', async (test) => {
    let asked = 0;
    const base = await scriptedServer(test, (_, response) => {
      asked += 1;
      answerProblem(response, asked === 1 ? 'draining' : 'unauthorized');
    });
    const outcomes = await Array.fromAsync(connect(base).stream(scans(3)));
    assert.deepEqual([outcomes.map(codeOf), asked], [['unauthorized', 'unauthorized', 'unauthorized'], 2]);
  });

  it('gives a problem for what waited too long, and still answers what comes after', async (test) => {
    let isSilent = true;
    const base = await scriptedServer(test, async (request, response) => {
      if (isSilent) return;
      for await (const lines of readLines(request)) {
        for (const { bytes } of lines) response.write(`${JSON.stringify(accepted(JSON.parse(`${bytes}`).scanId))}\n`);
      }
      response.end();
    });
    const outcomes: Outcome[] = [];
    async function* scansOverTime() {
      yield* scans(2);
      while (outcomes.length < 2) await new Promise((resolve) => setImmediate(resolve));
      isSilent = false;
      yield { ...SCAN, scanId: 'after' };
    }
    for await (const outcome of connect(base).stream(scansOverTime(), { withinMs: 200 })) outcomes.push(outcome);
    assert.deepEqual(outcomes.map(codeOf), ['unreachable', 'unreachable', 'accept']);
  });

  it('throws what the scans themselves throw, after those before were answered', async (test) => {
    const base = await scriptedServer(test, async (request, response) => {
      for await (const lines of readLines(request)) {
        for (const { bytes } of lines) response.write(`${JSON.stringify(accepted(JSON.parse(`${bytes}`).scanId))}\n`);
      }
      response.end();
    });
    async function* failing() {
      yield* scans(2);
      throw new Error('the camera is gone');
    }
    const outcomes: Outcome[] = [];
    const reading = (async () => {
      for await (const outcome of connect(base).stream(failing())) outcomes.push(outcome);
    })();
    await assert.rejects(reading, /the camera is gone/);
    assert.equal(outcomes.length, 2);
  });
});

describe('the feed of late verdicts', () => {
  it('gives each verdict once, though the server repeats its last ones on every connection', async (test) => {
    let connections = 0;
    const base = await scriptedServer(test, (_, response) => {
      connections += 1;
      const known = ['a', 'b', 'c'].slice(0, connections + 1);
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      response.write(known.map((scanId) => `${JSON.stringify(accepted(scanId, { late: true }))}\n`).join(''));
      if (connections === 1) response.end();
    });
    const stop = new AbortController();
    const seen: (string | null)[] = [];
    for await (const { scanId } of connect(base).lateVerdicts({ signal: stop.signal })) {
      seen.push(scanId);
      if (scanId === 'c') stop.abort();
    }
    assert.deepEqual([seen, connections], [['a', 'b', 'c'], 2]);
  });

  it('ends with the problem of a token that may not read it', async (test) => {
    const base = await scriptedServer(test, (_, response) => answerProblem(response, 'forbidden'));
    assert.deepEqual((await Array.fromAsync(connect(base).lateVerdicts())).map(codeOf), ['forbidden']);
  });
});

async function* scans(count: number): AsyncGenerator<SorterScan> {
  for (let index = 0; index < count; index++) yield { ...SCAN, scanId: `scan ${index}` };
}
