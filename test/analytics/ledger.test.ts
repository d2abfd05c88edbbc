import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { DuckDBConnection } from '@duckdb/node-api';
import fc from 'fast-check';
import { auditStore, Store } from '../../analytics/index.ts';
import { Anchor, type Anchored, decodeAnchor, encodeAnchor, readAnchor } from '../../analytics/store/audit/anchor.ts';
import { headOf, type Link, NO_HEAD } from '../../analytics/store/audit/chain.ts';
import { headOfEntry, LEDGER_EVENTS, type LedgerEntry } from '../../analytics/store/audit/ledger.ts';
import { PositionDigest } from '../../analytics/store/audit/position-digest.ts';
import { NO_ROWS, sumAfter, sumFrom, sumText } from '../../analytics/store/audit/seals.ts';
import { booksOf, Registers, seen } from '../support/books.ts';
import { recordEvidence } from '../support/evidence.ts';
import { temporaryFolder } from '../support/temporary.ts';

const number = fc.bigInt(0n, 2n ** 63n - 1n);
const head = fc.uint8Array({ minLength: 32, maxLength: 32 });
const text = fc.string({ unit: 'binary', maxLength: 12 }).map((value) => value.toWellFormed());

const entries: fc.Arbitrary<LedgerEntry> = fc.record({
  sequence: number,
  commitNumber: number,
  atMs: fc.option(number, { nil: null }),
  actor: fc.option(text, { nil: null }),
  event: fc.constantFrom(...LEDGER_EVENTS),
  detail: text,
  seals: text,
});

describe('the head of an entry of the ledger', () => {
  it('is another for another entry, and after another head', () => {
    fc.assert(
      fc.property(entries, entries, head, head, (one, other, before, otherBefore) => {
        const isSame = JSON.stringify(one, plain) === JSON.stringify(other, plain);
        assert.equal(headOfEntry(before, one).equals(headOfEntry(before, other)), isSame);
        const isSameBefore = Buffer.compare(before, otherBefore) === 0;
        assert.equal(headOfEntry(before, one).equals(headOfEntry(otherBefore, one)), isSameBefore);
      }),
      { numRuns: 500 },
    );
  });

  it('does not change where a text ends and the next begins, nor whether there is one', () => {
    fc.assert(
      fc.property(entries, fc.nat(), (entry, cut) => {
        const all = `${entry.actor ?? ''}${entry.event}${entry.detail}${entry.seals}`;
        const at = cut % (all.length + 1);
        const moved = { ...entry, actor: null, event: 'created', detail: all.slice(0, at), seals: all.slice(at) };
        if (JSON.stringify(moved, plain) === JSON.stringify(entry, plain)) return;
        assert.ok(!headOfEntry(NO_HEAD, moved).equals(headOfEntry(NO_HEAD, entry)));
      }),
    );
    const entry: LedgerEntry = {
      sequence: 1n,
      commitNumber: 1n,
      atMs: null,
      actor: null,
      event: 'created',
      detail: '',
      seals: '',
    };
    assert.ok(!headOfEntry(NO_HEAD, entry).equals(headOfEntry(NO_HEAD, { ...entry, actor: '' })));
  });
});

function plain(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}` : value;
}

describe('the head of a link', () => {
  it('is another when anything of the link is', () => {
    const link: Link = {
      ...{ firstRow: 1n, rows: 2, rowChecks: new Uint8Array(8), digest: new Uint8Array(32), head: NO_HEAD },
      ...{ version: 5, commitNumber: 3n, positions: new Uint8Array(32).fill(1) },
    };
    const changes: Partial<Link>[] = [
      { firstRow: 2n },
      { rows: 3 },
      { rowChecks: new Uint8Array(8).fill(1) },
      { digest: new Uint8Array(32).fill(1) },
      { version: 6 },
      { commitNumber: 4n },
      { positions: new Uint8Array(32).fill(2) },
    ];
    const heads = [link, ...changes.map((change) => ({ ...link, ...change }))].map((one) =>
      headOf(NO_HEAD, one).toString('hex'),
    );
    assert.equal(new Set(heads).size, heads.length);
  });
});

describe('the digest of positions', () => {
  it('is that of what the positions are, no matter how they came there', () => {
    const moves = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'ab', ''), text), { maxLength: 30 });
    fc.assert(
      fc.property(moves, (all) => {
        const positions = new Map<string, string>();
        const digest = new PositionDigest();
        for (const [source, position] of all) {
          digest.move(source, positions.get(source) ?? null, position);
          positions.set(source, position);
        }
        assert.deepEqual(digest.bytes(), PositionDigest.of(positions).bytes());
        const elsewhere = new Map([...positions, ['c', '1']]);
        assert.notDeepEqual(digest.bytes(), PositionDigest.of(elsewhere).bytes());
      }),
    );
    assert.notDeepEqual(
      PositionDigest.of(new Map([['a', 'bc']])).bytes(),
      PositionDigest.of(new Map([['ab', 'c']])).bytes(),
    );
  });
});

describe('a sum over rows', () => {
  it('is read as it was written, and what came and went again leaves it as it was', () => {
    const lane = fc.bigInt(0n, 2n ** 64n - 1n);
    const sums = fc.record({ rows: fc.bigInt(0n, 2n ** 40n), low: lane, high: lane }, { noNullPrototype: true });
    fc.assert(
      fc.property(sums, sums, (before, change) => {
        assert.deepEqual(sumFrom(sumText(before)), before);
        const after = sumAfter(before, change, NO_ROWS);
        assert.deepEqual(sumAfter(after, NO_ROWS, change), before);
      }),
    );
    for (const wrong of ['', '1', `1:${'0'.repeat(31)}`, `-1:${'0'.repeat(32)}`])
      assert.throws(() => sumFrom(wrong), TypeError);
  });
});

describe('an anchor', () => {
  const anchors: fc.Arbitrary<Anchored> = fc.record(
    {
      commitNumber: number,
      rows: number,
      head,
      entries: number,
      ledgerHead: head,
    },
    { noNullPrototype: true },
  );

  it('is read as it was written, and not at all with any bit changed or any byte missing', () => {
    fc.assert(
      fc.property(anchors, fc.nat(), (anchored, at) => {
        const bytes = encodeAnchor(anchored);
        const read = decodeAnchor(bytes);
        assert.deepEqual(
          { ...read, head: Uint8Array.from(read?.head ?? []), ledgerHead: Uint8Array.from(read?.ledgerHead ?? []) },
          anchored,
        );
        assert.equal(decodeAnchor(bytes.subarray(0, at % bytes.length)), null);
        const torn = Buffer.from(bytes);
        const bit = at % (8 * bytes.length);
        torn[bit >> 3] = (torn[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        assert.equal(decodeAnchor(torn), null);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => assert.equal(decodeAnchor(Buffer.from(bytes)), null)),
    );
  });

  it('that is torn at any byte leaves the one before', async (test) => {
    const path = join(await temporaryFolder(test), 'store.duckdb');
    const anchor = Anchor.open(path);
    const anchored = { rows: 1n, head: NO_HEAD, entries: 1n, ledgerHead: NO_HEAD };
    for (const commitNumber of [1n, 2n]) anchor.write({ ...anchored, commitNumber });
    const before = readFileSync(`${path}.anchor`);
    anchor.write({ ...anchored, commitNumber: 3n });
    anchor.close();
    const after = readFileSync(`${path}.anchor`);
    const length = encodeAnchor({ ...anchored, commitNumber: 3n }).length;
    for (let written = 0; written <= length; written++) {
      writeFileSync(`${path}.anchor`, Buffer.concat([after.subarray(0, written), before.subarray(written)]));
      const { commitNumber } = readAnchor(path) ?? assert.fail(`nothing at ${written}`);
      assert.ok(commitNumber === 2n || commitNumber === 3n, `${written}: ${commitNumber}`);
    }
  });
});

describe('the commits of a store', () => {
  it('are each in the anchor before the next one, also where two connections commit', async (test) => {
    const path = join(await temporaryFolder(test), 'store.duckdb');
    const store = await Store.open(path);
    const registers = new Registers();
    const numbers: bigint[] = [];
    const { write } = Anchor.prototype;
    test.mock.method(Anchor.prototype, 'write', function (this: Anchor, anchored: Anchored) {
      numbers.push(anchored.commitNumber);
      write.call(this, anchored);
    });
    const noted = (label: string) =>
      store.sideConnections.run((beside) =>
        beside.transaction(async () => ({ event: 'policy-used', detail: { label }, seals: new Map() })),
      );
    const recorded = (batch: number) => recordEvidence(store, [seen(registers.print(batch))], 'test', `${batch}`);
    await Promise.all([0, 1, 2, 3, 4].flatMap((turn) => [recorded(turn), noted(`${turn}`)]));
    store.close();
    assert.deepEqual(
      numbers,
      Array.from({ length: 10 }, (_, index) => BigInt(index + 2)),
    );
    assert.deepEqual((await auditStore(path, () => {})).problems, []);
  });

  it('end after one that failed, until the store is opened again', async (test) => {
    const path = join(await temporaryFolder(test), 'store.duckdb');
    const store = await Store.open(path);
    const registers = new Registers();
    const { run } = DuckDBConnection.prototype;
    let failures = 1;
    const faulty = test.mock.method(
      DuckDBConnection.prototype,
      'run',
      async function (this: DuckDBConnection, ...call: Parameters<typeof run>) {
        const result = await run.apply(this, call);
        // It took effect, and says that it did not.
        if (call[0] === 'commit' && failures-- > 0) throw new Error('IO Error: no space left on device');
        return result;
      },
    );
    await assert.rejects(store.setRegistry(booksOf()), /no space left/);
    faulty.mock.restore();
    await assert.rejects(recordEvidence(store, [seen(registers.print(0))], 'test', '1'), /it is being opened again/);
    store.close();
    const again = await Store.open(path);
    await recordEvidence(again, [seen(registers.print(1))], 'test', '1');
    again.close();
    assert.deepEqual((await auditStore(path, () => {})).problems, []);
  });

  it('that are missing from the end are missed, also where they brought no rows', async (test) => {
    const folder = await temporaryFolder(test);
    const path = join(folder, 'store.duckdb');
    const store = await Store.open(path);
    await recordEvidence(store, [seen(new Registers().print(0))], 'test', '1');
    store.close();
    const before = readFileSync(path);
    const again = await Store.open(path);
    await again.setRegistry(booksOf());
    again.close();
    writeFileSync(path, before);
    await assert.rejects(Store.open(path), /lacks 1 of 3 commits/);
    const [problem] = (await auditStore(path, () => {})).problems;
    assert.equal(problem?.problem, 'rows-missing');
  });
});
