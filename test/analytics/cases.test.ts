import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import {
  type Case,
  closeCase,
  detect,
  type Revision,
  readCases,
  readRevisions,
  Store,
  StoreReader,
} from '../../analytics/index.ts';
import { DEFAULT_POLICY } from '../../analytics/judge/index.ts';
import type { RegistryRecords } from '../../indicium/index.ts';
import {
  booksOf,
  LICENSE,
  MORNING_MS,
  OTHER_LICENSE,
  PAID_MILLS,
  PSD,
  PSDS,
  Registers,
  seen,
} from '../support/books.ts';
import { type Evidence, recordEvidence } from '../support/evidence.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** A store that evidence comes to bit by bit, with a look at it after each. */
class Desk {
  readonly path: string;
  constructor(path: string) {
    this.path = path;
  }

  static async open(test: TestContext, registry: RegistryRecords = booksOf()): Promise<Desk> {
    const desk = new Desk(join(await temporaryFolder(test), 'store.duckdb'));
    await desk.write((store) => store.setRegistry(registry));
    return desk;
  }

  async write<Result>(work: (store: Store) => Promise<Result>): Promise<Result> {
    const store = await Store.open(this.path);
    try {
      return await work(store);
    } finally {
      store.close();
    }
  }

  take(...evidence: Evidence[]): Promise<void> {
    return this.write(async (store) => {
      await recordEvidence(store, evidence, 'test', null);
      await detect(store);
    });
  }

  async read<Item>(what: (reader: StoreReader) => AsyncIterable<Item>): Promise<Item[]> {
    const reader = await StoreReader.open(this.path);
    const items = await Array.fromAsync(what(reader));
    reader.close();
    return items;
  }

  cases(): Promise<Case[]> {
    return this.read(readCases);
  }

  revisions(): Promise<Revision[]> {
    return this.read(readRevisions);
  }
}

const MAIL = { mailpieceId: 'M1' };

describe('cases', () => {
  it('are one for a cloned PSD, however many of its licenses and pieces were forked', async (test) => {
    const desk = await Desk.open(test);
    const evidence = [LICENSE, OTHER_LICENSE].flatMap((license) => {
      const original = new Registers(PSD, license);
      const clone = original.copied();
      return Array.from({ length: 20 }, (_, index) => [
        seen(original.print(index * 2)),
        seen(clone.print(index * 2 + 1, 1_010)),
      ]).flat();
    });
    await desk.take(...evidence);
    const cases = await desk.cases();
    assert.deepEqual(
      cases.map(({ caseId, license, psd }) => [caseId, license, psd]),
      [[`psd/${PSD}`, null, PSD]],
    );
    assert.deepEqual([cases[0]?.findings, cases[0]?.scans, cases[0]?.severity], [42, 80, 'critical']);
    assert.deepEqual(cases[0]?.kinds, ['fork', 'rollback']);
  });

  it('stand in the order of their score, which grows with severity and doubling scans', async (test) => {
    const desk = await Desk.open(test);
    const [lost, copied, other] = PSDS.map((psd) => new Registers(psd));
    assert.ok(lost !== undefined && copied !== undefined && other !== undefined);
    const mark = copied.print(0);
    await desk.take(
      ...[0, 1, 2, 3].map((minutes) => seen(lost.print(minutes), {}, 'compromised-key')),
      seen(mark),
      seen(mark),
      seen(other.print(0), {}, 'revoked-key'),
    );
    const scores = (await desk.cases()).map(({ caseId, score }) => [caseId, score]);
    assert.deepEqual(scores, [
      [`psd/${PSDS[0]}`, 300],
      [`marks/${LICENSE}/${PSDS[1]}`, 80],
      [`psd/${PSDS[2]}`, 40],
    ]);
  });

  it('stay closed over what was known, and reopen when a finding names another scan', async (test) => {
    const desk = await Desk.open(test);
    const registers = new Registers();
    const mark = registers.print(0);
    await desk.take(seen(mark), seen(mark));
    const [caseId = ''] = (await desk.cases()).map((one) => one.caseId);
    assert.equal(await desk.write((store) => closeCase(store, 'psd/nothing', 'x', MORNING_MS)), false);
    assert.equal(await desk.write((store) => closeCase(store, caseId, 'a jammed printer', MORNING_MS)), true);
    const stateOf = async () => (await desk.cases()).map(({ state, note, newScans }) => [state, note, newScans]);
    assert.deepEqual(await stateOf(), [['closed', 'a jammed printer', 0]]);
    await desk.take(seen(registers.print(10)));
    assert.deepEqual(await stateOf(), [['closed', 'a jammed printer', 0]], 'honest mail of that set is not news');
    await desk.take(seen(mark));
    assert.deepEqual(await stateOf(), [['reopened', 'a jammed printer', 1]]);
    await desk.write((store) => closeCase(store, caseId, 'again', MORNING_MS));
    assert.deepEqual(await stateOf(), [['closed', 'again', 0]]);
  });
});

describe('revisions', () => {
  it('tell once of each scan that was answered too mildly', async (test) => {
    const desk = await Desk.open(test);
    const registers = new Registers();
    const mark = registers.print(0);
    const first = seen(mark, MAIL);
    await desk.take(first);
    assert.deepEqual(await desk.revisions(), []);
    const second = seen(mark);
    const copy = {
      ...second,
      verdict: { ...second.verdict, disposition: 'divert' as const, reasons: ['copy' as const] },
    };
    await desk.take(copy);
    const expected = [
      {
        scanId: first.scan.scanId,
        plant: '06484',
        from: 'accept',
        to: 'divert',
        kinds: ['copy'],
        policyVersion: DEFAULT_POLICY.version,
      },
    ];
    assert.deepEqual(await desk.revisions(), expected);
    await desk.take(seen(registers.print(1)));
    await desk.write((store) => detect(store));
    assert.deepEqual(await desk.revisions(), expected, 'each exactly once');
  });

  it('tell when a finding has gone again, and when it grows graver', async (test) => {
    const desk = await Desk.open(test, booksOf({ funds: [] }));
    const mark = seen(new Registers().print(0));
    await desk.take(mark);
    const told = async () => (await desk.revisions()).map(({ from, to, kinds }) => [from, to, ...kinds]);
    assert.deepEqual(await told(), [['accept', 'divert', 'overspend']]);
    // The payment was made, and its record came with the next list.
    await desk.write(async (store) => {
      await store.setRegistry(booksOf({ version: 2, digest: 'paid' }));
      await detect(store);
    });
    assert.deepEqual(await told(), [
      ['accept', 'divert', 'overspend'],
      ['divert', 'accept'],
    ]);
    assert.deepEqual(await desk.cases(), []);
  });
});

describe('what each trust list said', () => {
  it('stays, with the first and the last list that said so', async (test) => {
    const store = await Store.open(join(await temporaryFolder(test), 'store.duckdb'));
    const set = { license: LICENSE, psd: PSD };
    const refund = { ...set, pieceCount: 3n, amountMills: 730, refundedAtMs: MORNING_MS };
    const fund = { ...set, refill: 1, amountMills: PAID_MILLS, paidAtMs: 0 };
    const rows = async (sql: string) => (await store.connection.runAndReadAll(sql)).getRowsJson();
    const take = (version: number, change: Partial<RegistryRecords>) =>
      store.setRegistry(booksOf({ version, digest: `list ${version}`, funds: [], ...change }));
    await take(1, { refunds: [refund, refund], funds: [fund] });
    await take(2, { refunds: [refund], funds: [fund, { ...fund, refill: 2 }] });
    await take(5, { refunds: [refund], funds: [{ ...fund, refill: 2 }] });
    await take(5, { refunds: [refund], funds: [{ ...fund, refill: 2 }] });
    assert.deepEqual(await rows('select refill, since_version, until_version from funds_history order by all'), [
      ['1', '1', '5'],
      ['2', '2', null],
    ]);
    assert.deepEqual(await rows('select since_version, until_version from refunds_history order by all'), [
      ['1', '2'],
      ['1', null],
    ]);
    assert.deepEqual(await rows('select refill from funds'), [['2']]);
    assert.deepEqual(await rows('select count(*) from refunds'), [['1']]);
    assert.deepEqual(await rows('select version, digest from lists order by version'), [
      ['1', 'list 1'],
      ['2', 'list 2'],
      ['5', 'list 5'],
    ]);
    const asOf = (list: number) =>
      rows(
        `select refill from funds_history where since_version <= ${list} and coalesce(until_version > ${list}, true) order by all`,
      );
    assert.deepEqual([await asOf(1), await asOf(4), await asOf(5)], [[['1']], [['1'], ['2']], [['2']]]);
    assert.deepEqual(await rows('select count(*), min(since_version) from licenses_history'), [['2', '1']]);
    store.close();
  });
});
