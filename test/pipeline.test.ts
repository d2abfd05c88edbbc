import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { StoreReader } from '../analytics/index.ts';
import { type RecorderPort, type RunSummary, runPipeline } from '../app/pipeline.ts';
import type { ReadBatch } from '../app/reader.ts';
import { createReaderPool } from '../app/reader-pool.ts';
import { type Mark, type Scan, textAt, type Verdict, verdictAt } from '../indicium/index.ts';
import type { BatchAnswers, ScanBatch, ScanSource } from '../scans/index.ts';
import type { Registry } from '../verify/index.ts';
import { readingColumnsOf, scanOf } from './support/evidence.ts';
import { SmallWorld } from './support/marks.ts';
import { recorderAt } from './support/recording.ts';
import { temporaryFolder } from './support/temporary.ts';

function payloadScan(payload: Uint8Array, change: Partial<Scan> = {}): Scan {
  return scanOf({ mark: { kind: 'payload', payload }, ...change });
}

/** A source whose batches are given; notes what was acknowledged. */
function sourceOf(batches: readonly (readonly Scan[])[], acknowledged: number[] = []): ScanSource {
  return {
    name: 'test',
    async *batches(from) {
      for (const [index, scans] of batches.entries()) {
        if (from !== null && index <= Number(from)) continue;
        yield {
          scans,
          position: String(index),
          notices: [],
          acknowledge: async () => void acknowledged.push(index),
        };
      }
    },
  };
}

async function runOver(test: TestContext, registry: Registry, batches: readonly (readonly Scan[])[]) {
  const path = join(await temporaryFolder(test), 'store.duckdb');
  const recorder = await recorderAt(path);
  const readers = createReaderPool(() => registry, 2);
  test.after(() => readers.close());
  const acknowledged: number[] = [];
  const summary = await runPipeline({ source: sourceOf(batches, acknowledged), readers, recorder });
  recorder.close();
  return { path, summary, acknowledged, verdicts: await verdictsOf(path) };
}

async function verdictsOf(path: string): Promise<Verdict[]> {
  const reader = await StoreReader.open(path);
  const verdicts = await Array.fromAsync(reader.verdicts());
  reader.close();
  return verdicts;
}

function total({ dispositions: { accept, divert, manual } }: RunSummary): number {
  return accept + divert + manual;
}

describe('the pipeline', () => {
  it('answers every scan once: scans = accepted + diverted + manual', async (test) => {
    const world = new SmallWorld(2, 2);
    const copied = world.frank();
    const bad = Buffer.from(world.frank());
    bad[80] = (bad[80] ?? 0) ^ 1;
    const none: Mark = { kind: 'none', reason: 'scan-malformed', detail: 'not JSON' };
    const batches = [
      [payloadScan(world.frank()), payloadScan(copied), scanOf({ mark: none })],
      [payloadScan(copied), payloadScan(bad), payloadScan(Buffer.of(9)), payloadScan(Buffer.alloc(0))],
      [scanOf({ mark: { kind: 'image', path: '/nowhere/a.png' } })],
    ];
    const { summary, verdicts, acknowledged } = await runOver(test, world.registry, batches);
    assert.equal(summary.scans, 8);
    assert.equal(total(summary), 8);
    assert.deepEqual(
      verdicts.map(({ disposition, reasons }) => `${disposition} ${reasons.join(',')}`.trim()),
      [
        'accept',
        'accept',
        'manual scan-malformed',
        'divert copy',
        'divert forged',
        'manual unknown-version',
        'manual payload-empty',
        'manual image-missing',
      ],
    );
    assert.equal(summary.unusable, 2, 'the malformed record and the missing image');
    assert.deepEqual(acknowledged, [0, 1, 2]);
  });

  it('sends marks of other posts, whose keys nobody has, to manual, and says so', async (test) => {
    const { registry } = new SmallWorld(1, 1);
    const mailmark = Buffer.from('JGB 011123456700012345EC1A1BB1A0SW1A1AA      HELLO');
    const { verdicts } = await runOver(test, registry, [[payloadScan(mailmark)]]);
    assert.deepEqual(
      verdicts.map(({ disposition, reasons }) => [disposition, reasons]),
      [['manual', ['no-key']]],
    );
  });

  it('records a scan delivered twice once, in one batch, the next, or another run', async (test) => {
    const world = new SmallWorld(1, 1);
    const [a, b] = [payloadScan(world.frank()), payloadScan(world.frank())];
    const { summary, verdicts } = await runOver(test, world.registry, [[a, a], [b, a], [b], [a, b]]);
    assert.deepEqual([summary.scans, summary.repeated], [2, 5]);
    assert.deepEqual(
      verdicts.map(({ scanId, disposition }) => [scanId, disposition]),
      [
        [a.scanId, 'accept'],
        [b.scanId, 'accept'],
      ],
    );
  });

  it('judges another scan under a used scan id as a piece, once, and keeps the first verdict', async (test) => {
    const world = new SmallWorld(1, 1);
    const first = payloadScan(world.frank());
    const other = payloadScan(world.frank(), { scanId: first.scanId });
    const { summary, verdicts } = await runOver(test, world.registry, [[first], [other], [other], [first]]);
    assert.deepEqual([summary.scans, summary.repeated, summary.reused, summary.unusable], [2, 2, 1, 0]);
    assert.deepEqual(summary.dispositions, { accept: 2, divert: 0, manual: 0 });
    assert.deepEqual(
      verdicts.map(({ reasons }) => reasons),
      [[], ['scan-id-reused']],
    );
  });

  it('knows what was recorded under a reused scan id after a restart, too', async (test) => {
    const world = new SmallWorld(1, 1);
    const path = join(await temporaryFolder(test), 'store.duckdb');
    const first = payloadScan(world.frank());
    const other = payloadScan(world.frank(), { scanId: first.scanId });
    const third = payloadScan(world.frank(), { scanId: first.scanId });
    const readers = createReaderPool(() => world.registry, 1);
    test.after(() => readers.close());
    const run = async (name: string, scans: readonly Scan[]) => {
      const recorder = await recorderAt(path);
      const summary = await runPipeline({ source: { ...sourceOf([scans]), name }, readers, recorder });
      recorder.close();
      return [summary.scans, summary.repeated];
    };
    assert.deepEqual(await run('a', [first]), [1, 0]);
    assert.deepEqual(await run('b', [other, first]), [1, 1]);
    assert.deepEqual(
      await run('c', [third, first, other, third]),
      [1, 3],
      'both are known, and the third from then on',
    );
    assert.deepEqual(
      (await verdictsOf(path)).map(({ reasons }) => reasons),
      [[], ['scan-id-reused'], ['scan-id-reused']],
    );
  });

  it('stops in order when a reader fails while another batch is awaited', async (test) => {
    const world = new SmallWorld(1, 1);
    const recorder = await recorderAt(join(await temporaryFolder(test), 'store.duckdb'));
    test.after(() => recorder.close());
    let calls = 0;
    const readers = {
      workers: 2,
      async read(): Promise<ReadBatch> {
        calls += 1;
        if (calls === 2) throw new Error('reader died');
        await new Promise((resolve) => setTimeout(resolve, 30));
        return {
          columns: readingColumnsOf([payloadScan(world.frank())], world.registry),
          decodeMs: 0,
          verifyMs: 0,
          ignored: [],
          unchecked: {},
        };
      },
    };
    const batches = Array.from({ length: 3 }, () => [payloadScan(world.frank())]);
    const acknowledged: number[] = [];
    const run = runPipeline({ source: sourceOf(batches, acknowledged), readers, recorder });
    await assert.rejects(run, /reader died/);
    assert.deepEqual(acknowledged, [0]);
  });

  it('judges in the order of the source although readers finish in any order', async (test) => {
    const world = new SmallWorld(1, 1);
    const payload = world.frank();
    const batches = Array.from({ length: 6 }, () => [payloadScan(payload)]);
    const path = join(await temporaryFolder(test), 'store.duckdb');
    const recorder = await recorderAt(path);
    const { registry } = world;
    let calls = 0;
    const readers = {
      workers: 3,
      async read(scans: ScanBatch['scans']): Promise<ReadBatch> {
        assert.ok(!('text' in scans));
        const delayMs = [60, 5, 30, 0, 20, 1][calls++] ?? 0;
        await new Promise((resolve) => setTimeout(resolve, delayMs));
        return { columns: readingColumnsOf(scans, registry), decodeMs: 0, verifyMs: 0, ignored: [], unchecked: {} };
      },
    };
    await runPipeline({ source: sourceOf(batches), readers, recorder });
    recorder.close();
    const verdicts = await verdictsOf(path);
    assert.deepEqual(
      verdicts.map(({ scanId }) => scanId),
      batches.flat().map(({ scanId }) => scanId),
    );
    assert.deepEqual(
      verdicts.map(({ disposition }) => disposition),
      ['accept', 'divert', 'divert', 'divert', 'divert', 'divert'],
    );
  });

  it('reads no further ahead than its bounds while the store takes nothing, and goes on when it does', async (test) => {
    const world = new SmallWorld(1, 1);
    const recorder = await recorderAt(join(await temporaryFolder(test), 'store.duckdb'));
    test.after(() => recorder.close());
    const readers = createReaderPool(() => world.registry, 2);
    test.after(() => readers.close());
    let given = 0;
    const source: ScanSource = {
      name: 'endless',
      async *batches() {
        for (; given < 60; given++) {
          yield {
            scans: [payloadScan(world.frank())],
            position: `${given}`,
            notices: [],
            acknowledge: async () => {},
          };
        }
      },
    };
    const stalled = Promise.withResolvers<void>();
    const slow: RecorderPort = {
      positionOf: (name) => recorder.positionOf(name),
      record: async (batch) => {
        await stalled.promise;
        return recorder.record(batch);
      },
    };
    const run = runPipeline({ source, readers, recorder: slow });
    await new Promise((resolve) => setTimeout(resolve, 300));
    // Two a reader that are read ahead, two handed over to be recorded, and the one that waits for them.
    assert.ok(given <= 8, `${given} batches were taken in while none could be recorded`);
    stalled.resolve();
    assert.equal((await run).scans, 60);
  });

  it('answers a batch while its source has nothing more to give, with what was read and what came again', async (test) => {
    const world = new SmallWorld(1, 1);
    const recorder = await recorderAt(join(await temporaryFolder(test), 'store.duckdb'));
    test.after(() => recorder.close());
    const readers = createReaderPool(() => world.registry, 2);
    test.after(() => readers.close());
    const [first, second] = [payloadScan(world.frank()), payloadScan(world.frank())];
    const answered: BatchAnswers[] = [];
    const source: ScanSource = {
      name: 'idle',
      async *batches() {
        for (const scans of [[first], [second, first]]) {
          const durable = Promise.withResolvers<void>();
          const acknowledge = async (answers: BatchAnswers) => {
            answered.push(answers);
            durable.resolve();
          };
          yield { scans, position: null, notices: [], keepsReadings: true, acknowledge };
          // As a machine that sends its next piece after the verdict on this one.
          await durable.promise;
        }
      },
    };
    await runPipeline({ source, readers, recorder });
    const [, again] = answered;
    assert.deepEqual(again?.repeatedRows, [1]);
    assert.deepEqual(verdictAt(again.verdicts, 0), { disposition: 'accept', reasons: [] });
    assert.ok(again.readings !== null);
    assert.equal(textAt(again.readings.scanId, 0), second.scanId);
  });

  it('fails when recording fails, although the source has nothing to give just then', async (test) => {
    const world = new SmallWorld(1, 1);
    const readers = createReaderPool(() => world.registry, 1);
    test.after(() => readers.close());
    const source: ScanSource = {
      name: 'silent',
      async *batches() {
        yield { scans: [payloadScan(world.frank())], position: null, notices: [], acknowledge: async () => {} };
        await new Promise(() => {});
      },
    };
    const recorder: RecorderPort = {
      positionOf: async () => null,
      record: async () => {
        throw new Error('the disk is gone');
      },
    };
    await assert.rejects(runPipeline({ source, readers, recorder }), /the disk is gone/);
  });

  it('acknowledges nothing that it could not record, and goes on from there the next time', async (test) => {
    const world = new SmallWorld(1, 1);
    const batches = [[payloadScan(world.frank())], [payloadScan(world.frank())], [payloadScan(world.frank())]];
    const path = join(await temporaryFolder(test), 'store.duckdb');
    const readers = createReaderPool(() => world.registry, 1);
    test.after(() => readers.close());
    const acknowledged: number[] = [];
    const run = async (failAt: string | null) => {
      const recorder = await recorderAt(path, failAt);
      try {
        return await runPipeline({ source: sourceOf(batches, acknowledged), readers, recorder });
      } finally {
        recorder.close();
      }
    };
    await assert.rejects(run('1'), /the disk is gone/);
    // What is committed together with the batch that fails is not recorded either.
    const before = acknowledged.length;
    assert.deepEqual(acknowledged, [0].slice(0, before));
    assert.equal((await run(null)).scans, 3 - before);
    assert.deepEqual(acknowledged, [0, 1, 2]);
    assert.equal((await verdictsOf(path)).length, 3);
  });

  it('knows a piece by what was signed, whichever of its two valid signatures it carries', async (test) => {
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const world = new SmallWorld(1, 1);
    const payload = world.frank();
    const twin = Buffer.from(payload);
    const s = BigInt(`0x${payload.subarray(-32).toString('hex')}`);
    Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex').copy(twin, payload.length - 32);
    const scans = [payload, twin].map((mark) => payloadScan(mark, { mailpieceId: 'ONE' }));
    const { verdicts } = await runOver(test, world.registry, [scans]);
    assert.deepEqual(
      verdicts.map(({ disposition, reasons }) => [disposition, reasons]),
      [
        ['accept', []],
        ['accept', []],
      ],
    );
  });

  it('remembers sightings over a restart', async (test) => {
    const world = new SmallWorld(1, 1);
    const payload = world.frank();
    const { path } = await runOver(test, world.registry, [[payloadScan(payload)]]);
    const recorder = await recorderAt(path);
    const readers = createReaderPool(() => world.registry, 1);
    test.after(() => readers.close());
    const source = { ...sourceOf([[payloadScan(payload)]]), name: 'another' };
    await runPipeline({ source, readers, recorder });
    recorder.close();
    assert.deepEqual(
      (await verdictsOf(path)).map(({ reasons }) => reasons),
      [[], ['copy']],
    );
  });
});
