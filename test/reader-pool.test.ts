import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { rowsThatEndThreads } from '../app/read-apart.ts';
import { type Faults, type ReadBatch, readScans } from '../app/reader.ts';
import { readerPorts } from '../app/reader-faults.ts';
import { createReaderPool } from '../app/reader-pool.ts';
import { rowsOf, textAt, textOrNullAt } from '../indicium/index.ts';
import type { ScanLines } from '../scans/index.ts';
import { ScanLinesBuilder } from '../scans/scan-lines.ts';
import { scanOf } from './support/evidence.ts';
import { SmallWorld } from './support/marks.ts';

const ENTRY = new URL('support/poisoned-thread.ts', import.meta.url);
const POISONS = ['ends the thread', 'throws out of the batch'];

function linesOf(lines: readonly string[]): ScanLines {
  const builder = new ScanLinesBuilder('test', { imageFolder: null });
  for (const line of lines) {
    builder.add({ bytes: Buffer.from(line), skippedDigest: null, endOffset: 0, isTerminated: true });
  }
  return builder.take(lines.length);
}

/** Scan id, outcome and note of each row. */
function rowsIn({ columns }: ReadBatch): string[] {
  return Array.from({ length: rowsOf(columns) }, (_, row) => {
    const note = textOrNullAt(columns.note, row);
    return `${textAt(columns.scanId, row)} ${textAt(columns.outcome, row)}${note === null ? '' : `: ${note}`}`;
  });
}

function poolIn(test: TestContext) {
  const world = new SmallWorld(1, 1);
  const told: Faults[] = [];
  const pool = createReaderPool(() => world.registry, 1, {
    entry: ENTRY,
    onFaults: (faults) => void told.push(faults),
  });
  test.after(() => pool.close());
  const honest = (scanId: string) => JSON.stringify({ scanId, payload: Buffer.from(world.frank()).toString('base64') });
  return { pool, told, honest, world };
}

describe('the threads that read scans', () => {
  for (const poison of POISONS) {
    it(`read all other lines of a batch when one line ${poison}`, async (test) => {
      const { pool, told, honest } = poolIn(test);
      const lines = [honest('a'), honest('b'), JSON.stringify({ scanId: 'c', x: poison }), honest('d'), 'no JSON'];
      assert.deepEqual(rowsIn(await pool.read(linesOf(lines))), [
        'a valid',
        'b valid',
        'test:3 reader-failed: this program failed at it: Error: the thread that read it ended',
        'd valid',
        'test:5 scan-malformed: not JSON',
      ]);
      assert.equal(
        told.reduce((scans, faults) => scans + faults.scans, 0),
        1,
        'what cannot be read is told once',
      );
      assert.ok(told.some(({ first }) => first !== null));
      assert.deepEqual(rowsIn(await pool.read(linesOf([honest('e')]))), ['e valid'], 'and go on with the next batch');
    });
  }

  it('read all other scans of a batch when one of several requests ends a thread', async (test) => {
    const { pool, world } = poolIn(test);
    const payload = () => ({ mark: { kind: 'payload', payload: world.frank() } }) as const;
    const scans = [
      scanOf({ ...payload(), scanId: 'a' }),
      scanOf({ ...payload(), scanId: 'ends the thread' }),
      scanOf({ ...payload(), scanId: 'c' }),
    ];
    const rows = rowsIn(await pool.read(scans));
    assert.deepEqual([rows[0], rows[2]], ['a valid', 'c valid']);
    assert.match(rows[1] ?? '', /^ends the thread reader-failed: /);
  });

  it('find the rows that end threads, whichever they are, and give up in the end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 40 }), fc.uniqueArray(fc.nat(39)), async (rows, poisoned) => {
        const its = new Set(poisoned.filter((row) => row < rows));
        let tries = 0;
        const found = await rowsThatEndThreads(rows, async (from, to) => {
          tries += 1;
          return ![...its].some((row) => row >= from && row < to);
        });
        assert.ok(
          [...its].every((row) => found.has(row)),
          'none is missed',
        );
        if (its.size <= 5) assert.deepEqual([...found].toSorted(), [...its].toSorted(), 'no other is accused');
        assert.ok(tries < 200);
      }),
    );
    const all = await rowsThatEndThreads(5_000, async () => false);
    assert.equal(all.size, 5_000);
  });
});

describe('a reader at a scan that it throws at', () => {
  const { registry, frank } = worldOf();
  const order = { images: new Map(), givenUp: new Set<number>(), receivedAtMs: null, trust: registry };

  it('answers it as unreadable and reads the others, wherever it was thrown', () => {
    const good = () => scanOf({ mark: { kind: 'payload', payload: frank() }, weightGrams: 7, machine: 'M' });
    const thrown = () => {
      throw new TypeError('a bug');
    };
    const inDecoding = Object.defineProperty(good(), 'mark', {
      get: throwAtSecondLook({ kind: 'payload', payload: frank() }),
    });
    for (const [name, bad] of [
      ['in decoding', inDecoding],
      ['in its first columns', Object.defineProperty(good(), 'machine', { get: thrown })],
      ['in its last columns', Object.defineProperty(good(), 'extra', { get: thrown })],
    ] as const) {
      const before = good();
      const after = good();
      const read = readScans({ ...order, scans: [before, bad, after] });
      assert.ok(read !== null, name);
      assert.deepEqual(
        rowsIn(read),
        [
          `${before.scanId} valid`,
          `${bad.scanId} reader-failed: this program failed at it: TypeError: a bug`,
          `${after.scanId} valid`,
        ],
        name,
      );
      const { columns, faults } = read;
      assert.deepEqual([textOrNullAt(columns.machine, 1), textAt(columns.machine, 2)], [null, 'M'], name);
      assert.deepEqual([columns.weightGrams.values[1], columns.weightGrams.values[2]], [0, 7], name);
      assert.equal(faults.scans, 1);
      assert.match(faults.first ?? '', /TypeError: a bug\n +at /, 'the stack is told');
    }
  });

  it('answers it as unreadable when what a process said of its image is nonsense', () => {
    const scan = scanOf({ mark: { kind: 'image', path: 'a.png' } });
    const answer = JSON.parse('{"failure":"no-symbol","readMs":1}');
    const read = readScans({ ...order, images: new Map([[0, answer]]), scans: [scan] });
    assert.ok(read !== null);
    assert.match(rowsIn(read)[0] ?? '', /reader-failed/);
  });
});

function worldOf() {
  const world = new SmallWorld(1, 1);
  return { registry: world.registry, frank: () => world.frank() };
}

/** The mark is there for anyone who asks what kind it is, and breaks anyone who reads it. */
function throwAtSecondLook<Value>(value: Value): () => Value {
  let looks = 0;
  return () => {
    looks += 1;
    if (looks === 3) throw new TypeError('a bug');
    return value;
  };
}

it('tells operators of every scan that it threw at, in a number and in the log', () => {
  const said: unknown[] = [];
  const log = { error: (...args: unknown[]) => void said.push(args) };
  readerPorts({ log }, { faulted: (scans) => void said.push(scans) }).onFaults?.({ scans: 3, first: 'Error: a bug' });
  assert.equal(said[0], 3);
  assert.match(JSON.stringify(said[1]), /"stack":"Error: a bug"/);
});
