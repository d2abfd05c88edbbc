import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it, type TestContext } from 'node:test';
import { Store } from '../../analytics/index.ts';
import { FIELDS } from '../../indicium/layout.ts';
import { PAID_MILLS, Registers, seen } from '../support/books.ts';
import { indicia, jsonLines } from '../support/command-line.ts';
import { recordEvidence } from '../support/evidence.ts';
import { paid } from '../support/reconciled.ts';
import { temporaryFolder } from '../support/temporary.ts';

interface Line {
  readonly book: string;
  readonly license: number;
  readonly psd: string;
  readonly paidMills: number;
  readonly printedPieces: number;
  readonly printedMills: number;
  readonly doubledMills: number;
  readonly unseenPieces: number;
  readonly remainingMills: number | null;
  readonly differenceMills: number;
}

async function simulated(test: TestContext, ...args: string[]): Promise<string> {
  const day = await temporaryFolder(test);
  const { exitCode, stderr } = await indicia(['simulate', '--out', day, ...args]);
  assert.equal(exitCode, 0, stderr);
  const db = join(day, 'day.duckdb');
  assert.equal((await indicia(['run', day, '--registry', join(day, 'registry'), '--db', db])).exitCode, 0);
  return day;
}

async function linesOf<Of>(...path: string[]): Promise<Of[]> {
  return jsonLines<Of>(await readFile(join(...path), 'utf8'));
}

interface Told {
  readonly piecesOf: Map<string, number>;
  readonly lastOf: Map<string, bigint>;
  readonly millsOf: Map<string, number>;
}

const uint = (bytes: Buffer, { offset, bytes: width }: { offset: number; bytes: number }): bigint =>
  BigInt(`0x${bytes.subarray(offset, offset + width).toString('hex')}`);

/** The marks of a day added up from the bytes of its scans: each different signed part once. */
async function addedUp(day: string): Promise<Told> {
  const told: Told = { piecesOf: new Map(), lastOf: new Map(), millsOf: new Map() };
  const known = new Set<string>();
  for (const { payload } of await linesOf<{ payload?: string }>(day, 'scans.ndjson')) {
    const bytes = Buffer.from(payload ?? '', 'base64');
    const contents = bytes.subarray(0, 71).toString('hex');
    if (payload === undefined || bytes.length < 135 || known.has(contents)) continue;
    known.add(contents);
    const text = ({ offset, bytes: width }: { offset: number; bytes: number }) =>
      bytes.subarray(offset, offset + width).toString('latin1');
    const psd = `${text(FIELDS.manufacturer)}-${text(FIELDS.model)}-${uint(bytes, FIELDS.serial)}`;
    const key = `${uint(bytes, FIELDS.license)} ${psd}`;
    const pieceCount = uint(bytes, FIELDS.pieceCount);
    told.piecesOf.set(key, (told.piecesOf.get(key) ?? 0) + 1);
    told.millsOf.set(key, (told.millsOf.get(key) ?? 0) + Number(uint(bytes, FIELDS.postageMills)));
    if (pieceCount > (told.lastOf.get(key) ?? 0n)) told.lastOf.set(key, pieceCount);
  }
  return told;
}

let day = '';
let db = '';
let sets: Line[] = [];
before(async (test) => {
  if (!('after' in test)) throw new TypeError('a hook of a suite');
  day = await simulated(test, '--pieces', '1500', '--frauds', 'overspend,fork,wrong-town');
  db = join(day, 'day.duckdb');
  const { stdout, exitCode } = await indicia(['reconcile', '--db', db, '--json']);
  assert.equal(exitCode, 3);
  sets = jsonLines<Line>(stdout).filter(({ book }) => book === 'set');
});

describe('reconcile', () => {
  it('says of every set what the scans and the registry add up to without it', async () => {
    const told = await addedUp(day);
    const paid = new Map<string, number>();
    for (const { license, psd, amountMills } of await linesOf<{ license: number; psd: string; amountMills: number }>(
      day,
      'registry',
      'funds.ndjson',
    )) {
      paid.set(`${license} ${psd}`, (paid.get(`${license} ${psd}`) ?? 0) + amountMills);
    }
    const expected = [...new Set([...paid.keys(), ...told.piecesOf.keys()])].map((key) => {
      return [key, paid.get(key) ?? 0, told.piecesOf.get(key) ?? 0, told.millsOf.get(key) ?? 0];
    });
    const actual = sets.map((set) => [`${set.license} ${set.psd}`, set.paidMills, set.printedPieces, set.printedMills]);
    assert.ok(expected.length > 10);
    assert.deepEqual(actual.toSorted(), expected.toSorted());
  });

  it('shows overspending as a positive difference and a fork as doubled, and nothing of the kind elsewhere', async () => {
    const truth = await linesOf<{ fraud?: string; license: number; psd: string }>(day, 'truth.ndjson');
    const guilty = (fraud: string) =>
      truth
        .filter((line) => line.fraud === fraud)
        .map(({ license, psd }) => `${license} ${psd}`)
        .toSorted();
    const named = (those: (set: Line) => boolean) => sets.filter(those).map(({ license, psd }) => `${license} ${psd}`);
    assert.deepEqual(named(({ differenceMills }) => differenceMills > 0).toSorted(), guilty('overspend'));
    assert.deepEqual(named(({ doubledMills }) => doubledMills > 0).toSorted(), guilty('fork'));
  });

  it('lists the pieces of the whole figure, or the ranges that nobody saw', async () => {
    for (const { license, psd, printedMills, unseenPieces } of sets.slice(0, 3)) {
      const list = async (figure: string) => {
        const args = ['reconcile', '--db', db, '--license', `${license}`, '--psd', psd, '--pieces', figure];
        const { stdout, exitCode } = await indicia(args);
        assert.equal(exitCode, 0);
        return jsonLines<{ license: number; psd: string; scanId: string; amountMills: number; pieces: number }>(stdout);
      };
      const printed = await list('printed');
      assert.equal(
        printed.reduce((sum, { amountMills }) => sum + amountMills, 0),
        printedMills,
      );
      assert.ok(printed.every((piece) => piece.license === license && piece.psd === psd && piece.scanId !== null));
      assert.equal(
        (await list('unseen')).reduce((sum, { pieces }) => sum + pieces, 0),
        unseenPieces,
      );
    }
  });

  it('prints tables for people, with money in currency units', async () => {
    const { stdout, exitCode } = await indicia(['reconcile', '--db', db]);
    assert.equal(exitCode, 3);
    assert.match(stdout, /^LICENSES\nlicense +holder +town +PSDs +paid /);
    const [set] = sets;
    const money = `${Math.trunc((set?.printedMills ?? 0) / 1000)}\\.${`${(set?.printedMills ?? 0) % 1000}`.padStart(3, '0')}`;
    assert.match(stdout, new RegExp(`\\nPSDS\\n(?:.*\\n)*? *${set?.license} +${set?.psd} .* ${money} `));
    assert.match(stdout, /\nTOWNS\n(?:.*\n)*plant \d+, from other towns /);
  });

  it('wants a license for a PSD or a list, and knows the figures', async () => {
    for (const args of [
      ['--pieces', 'printed'],
      ['--psd', 'x'],
      ['--license', '1', '--pieces', 'everything'],
    ]) {
      const { exitCode, stdout, stderr } = await indicia(['reconcile', '--db', db, ...args]);
      assert.deepEqual([exitCode, stdout], [2, ''], stderr);
      assert.match(stderr, /^error: /);
    }
  });
});

describe('the books of an honest day', () => {
  for (const payment of ['prepaid', 'postpaid']) {
    it(`need nobody where it is ${payment}, and leave only refills and bills open that no mark shows yet`, async (test) => {
      const day = await simulated(test, '--pieces', '400', '--frauds', 'none', '--payment', payment);
      const { stdout, exitCode } = await indicia(['reconcile', '--db', join(day, 'day.duckdb'), '--json']);
      assert.equal(exitCode, 0, stdout);
      const sets = jsonLines<Line>(stdout).filter(({ book }) => book === 'set');
      assert.ok(sets.length > 5);
      const told = await addedUp(day);
      for (const { license, psd, differenceMills, doubledMills, remainingMills, ...set } of sets) {
        assert.ok(differenceMills <= 0 && doubledMills === 0);
        assert.ok(set.printedPieces + set.unseenPieces >= Number(told.lastOf.get(`${license} ${psd}`) ?? 0));
        if (payment === 'postpaid') assert.equal(remainingMills, null);
      }
    });
  }
});

describe('the books of a PSD whose ascending register stands still', () => {
  it('need somebody, whom the exit code calls; those of a PSD that debits each piece do not', async (test) => {
    for (const [isDebited, exitCode] of [
      [true, 0],
      [false, 3],
    ] as const) {
      const path = join(await temporaryFolder(test), 'store.duckdb');
      const store = await Store.open(path);
      await store.setRegistry(paid({ amountMills: PAID_MILLS }));
      const registers = new Registers();
      const marks = Array.from({ length: 60 }, (_, index) => {
        const mark = registers.print(index);
        registers.pieceCount += 1n;
        return isDebited ? mark : { ...mark, ascendingMills: 730, descendingMills: PAID_MILLS - 730 };
      });
      const evidence = marks.map((mark) => seen(mark));
      await recordEvidence(store, evidence, 'test', null);
      store.close();
      const told = await indicia(['reconcile', '--db', path, '--json']);
      assert.equal(told.exitCode, exitCode, told.stdout);
      const [set] = jsonLines<Line>(told.stdout).filter(({ book }) => book === 'set');
      assert.equal(set?.differenceMills, isDebited ? 0 : 59 * 730);
    }
  });
});
