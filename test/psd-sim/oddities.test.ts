import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { EVERY_FRAUD, ODDITIES, type OddityName, type Scenario } from '../../psd-sim/index.ts';
import { type Scanned, type WrittenDay, writtenDay } from '../support/written-day.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const ID = /^J18C\d{12}$/;

/** Each piece that one oddity happens to, on a day with no other, with its scans in the order of their clocks. */
async function pieces(test: TestContext, oddity: OddityName) {
  const day = await writtenDay(test, { oddities: [oddity] });
  assert.ok(day.truth.every((line) => !('fraud' in line)));
  const scanOf = new Map(day.scans.map((scan) => [scan.scanId, scan]));
  const lines = day.truth.filter((line) => 'honest' in line && line.honest === oddity);
  assert.equal(lines.length, 14, 'one piece in 50');
  return lines.map(({ scanIds }) => {
    const scans = scanIds.map((scanId) => scanOf.get(scanId)).filter((scan) => scan !== undefined);
    assert.equal(scans.length, scanIds.length);
    const its = scans.toSorted((a, b) => atMs(a) - atMs(b));
    assert.equal(
      distinct(its, ({ payload }) => payload),
      oddity === 'id-reused' ? 2 : 1,
    );
    return { day, its, scans: atLeastTwo(its) };
  });
}

function atLeastTwo(scans: readonly Scanned[]): readonly [first: Scanned, second: Scanned, ...rest: Scanned[]] {
  const [first, second, ...rest] = scans;
  assert.ok(first !== undefined && second !== undefined, 'a piece with one scan is not odd');
  return [first, second, ...rest];
}

function atMs({ scannedAt }: Scanned): number {
  return Date.parse(scannedAt);
}

function distinct<Value>(scans: readonly Scanned[], of: (scan: Scanned) => Value): number {
  return new Set(scans.map(of)).size;
}

function passesOf(scans: readonly Scanned[]): string[] {
  return scans.map(({ pass }) => pass);
}

describe('an honest piece', () => {
  it('gets a new id tag on a later pass', async (test) => {
    for (const { scans } of await pieces(test, 'retagged')) {
      assert.deepEqual(passesOf(scans), ['origin', 'destination']);
      assert.ok(scans.every(({ mailpieceId }) => ID.test(mailpieceId)));
      assert.notEqual(scans[0].mailpieceId, scans[1].mailpieceId);
    }
  });

  it('is taken in at a counter, and again by the sorter of the same plant', async (test) => {
    for (const { scans } of await pieces(test, 'second-induction')) {
      const [counter, sorter] = scans;
      assert.deepEqual(passesOf(scans), ['origin', 'origin', 'destination']);
      assert.equal(counter.plant, sorter.plant);
      assert.match(counter.machine, /^COUNTER-/);
      assert.doesNotMatch(sorter.machine, /^COUNTER-/);
      assert.ok(atMs(sorter) - atMs(counter) >= HOUR_MS && counter.mailpieceId === sorter.mailpieceId);
    }
  });

  it('has its id in lower case, between blanks or after zeros on one pass', async (test) => {
    const forms = new Set<string>();
    for (const { scans } of await pieces(test, 'padded-id')) {
      const ids = scans.map(({ mailpieceId }) => mailpieceId);
      const odd = ids.filter((id) => !ID.test(id));
      assert.deepEqual([ids.length, odd.length], [2, 1]);
      const plain = ids.map((id) => id.trim().toUpperCase().replace(/^0+/, ''));
      assert.equal(new Set(plain).size, 1);
      const [id = ''] = odd;
      forms.add(id.startsWith('0') ? 'zeros' : id.startsWith(' ') ? 'blanks' : 'lower case');
    }
    assert.deepEqual([...forms].toSorted(), ['blanks', 'lower case', 'zeros']);
  });

  it('is seen by two cameras of one machine within seconds', async (test) => {
    for (const { scans } of await pieces(test, 'two-cameras')) {
      const [one, two] = scans;
      assert.deepEqual(passesOf(scans), ['origin', 'origin', 'destination']);
      assert.deepEqual([one.machine, one.mailpieceId], [two.machine, two.mailpieceId]);
      assert.ok(atMs(two) > atMs(one) && atMs(two) - atMs(one) <= 5_000);
    }
  });

  it('is told of by its origin plant long after its destination', async (test) => {
    for (const { scans, day } of await pieces(test, 'late-upload')) {
      const [origin, destination] = scans;
      assert.deepEqual(passesOf(scans), ['origin', 'destination']);
      assert.ok(day.scans.indexOf(origin) > day.scans.indexOf(destination));
    }
  });

  it('goes round: the same pass of one plant three or four times within hours', async (test) => {
    const looped = new Set<string>();
    for (const { its } of await pieces(test, 'looped')) {
      const [most = []] = [...Map.groupBy(its, ({ pass }) => pass).values()].toSorted((a, b) => b.length - a.length);
      const [first, last] = [most[0], most.at(-1)];
      assert.ok(first !== undefined && last !== undefined && (most.length === 3 || most.length === 4));
      assert.equal(
        distinct(most, ({ plant }) => plant),
        1,
      );
      assert.ok(atMs(last) - atMs(first) <= 2 * HOUR_MS);
      looped.add(first.pass);
    }
    assert.deepEqual([...looped].toSorted(), ['destination', 'origin']);
  });

  it('is forwarded: another destination, where it passes a day later', async (test) => {
    for (const { scans, day } of await pieces(test, 'forwarded')) {
      const [origin, delivered, onward] = scans;
      assert.ok(onward !== undefined);
      assert.deepEqual(passesOf(scans), ['origin', 'destination', 'destination']);
      assert.equal(origin.destination, delivered.destination);
      assert.notEqual(onward.destination, delivered.destination);
      assert.equal(day.plantOf.get(onward.destination.slice(0, 5)), onward.plant);
      assert.ok(atMs(onward) - atMs(delivered) >= 8 * HOUR_MS);
    }
  });

  it('is returned to its sender', async (test) => {
    for (const { scans, day } of await pieces(test, 'returned')) {
      const [origin, delivered, back] = scans;
      assert.ok(back !== undefined);
      assert.equal(origin.destination, delivered.destination);
      assert.equal(back.destination.slice(0, 5), back.mark.depositPostcode);
      assert.equal(day.plantOf.get(back.mark.depositPostcode), back.plant);
      assert.ok(atMs(back) - atMs(delivered) >= 24 * HOUR_MS);
    }
  });

  it('is read wrongly once in three times: one digit of the postcode', async (test) => {
    for (const { its } of await pieces(test, 'misread-destination')) {
      const signed = its[0]?.mark.destinationPostcode ?? '';
      const wrong = its.filter(({ destination }) => destination !== signed);
      assert.deepEqual([its.length, wrong.length], [3, 1]);
      const other = [...(wrong[0]?.destination ?? '')].filter((digit, at) => digit !== signed[at]);
      assert.equal(other.length, 1);
    }
  });

  it('has an id that was on another mark three months before', async (test) => {
    for (const { its } of await pieces(test, 'id-reused')) {
      const [then, now] = [its.slice(0, 2), its.slice(2)];
      assert.equal(
        distinct(its, ({ mailpieceId }) => mailpieceId),
        1,
      );
      assert.equal(
        distinct(then, ({ payload }) => payload),
        1,
      );
      assert.equal(
        distinct(now, ({ payload }) => payload),
        1,
      );
      const [last, first] = [then.at(-1), now[0]];
      assert.ok(last !== undefined && first !== undefined && atMs(first) - atMs(last) >= 90 * 24 * HOUR_MS);
      assert.ok(its.every((scan) => Math.abs(atMs(scan) - scan.mark.printedAtMs) < 48 * HOUR_MS));
    }
  });
});

/** The same day twice, with and without an odd plant: by seed, nothing else differs. */
async function withAndWithout(test: TestContext, oddity: OddityName) {
  const scenario: Partial<Scenario> = { pieces: 400, licenses: 24, oddities: ['retagged', oddity] };
  const odd = await writtenDay(test, scenario);
  const even = await writtenDay(test, { ...scenario, oddities: ['retagged'] });
  const [line] = odd.truth.filter((of) => 'honest' in of && of.honest === oddity);
  assert.ok(line !== undefined && 'plant' in line && line.plant !== undefined);
  assert.deepEqual(
    line.scanIds.toSorted(),
    odd.scans
      .filter(({ plant }) => plant === line.plant)
      .map(({ scanId }) => scanId)
      .toSorted(),
  );
  return { odd: readings(odd, line.plant), even: readings(even, line.plant), plant: line.plant };
}

function readings({ scans }: WrittenDay, plant: string) {
  const key = ({ payload, pass, mailpieceId, plant: at }: Scanned) => `${payload} ${pass} ${mailpieceId} ${at}`;
  const of = (its: readonly Scanned[]) => new Map(its.map((scan) => [key(scan), scan]));
  return {
    there: of(scans.filter((scan) => scan.plant === plant)),
    elsewhere: of(scans.filter((scan) => scan.plant !== plant)),
  };
}

describe('an odd plant', () => {
  it('has a clock that is 40 hours slow for all that passes it', async (test) => {
    const { odd, even } = await withAndWithout(test, 'slow-plant-clock');
    assert.ok(odd.there.size > 20 && odd.there.size === even.there.size);
    for (const [key, scan] of odd.there) {
      assert.equal(Date.parse(even.there.get(key)?.scannedAt ?? '') - atMs(scan), 40 * HOUR_MS);
    }
    for (const [key, scan] of odd.elsewhere) assert.equal(even.elsewhere.get(key)?.scannedAt, scan.scannedAt);
  });

  it('has a scale that counts tenths or hundredths of an ounce', async (test) => {
    const { odd, even } = await withAndWithout(test, 'other-scale');
    assert.ok(odd.there.size > 20 && odd.there.size === even.there.size);
    const sum = (scans: Iterable<Scanned>) => [...scans].reduce((total, { weightGrams }) => total + weightGrams, 0);
    const ratio = sum(odd.there.values()) / sum(even.there.values());
    const tenths = 10 / 28.35;
    assert.ok(Math.abs(ratio / tenths - 1) < 0.05 || Math.abs(ratio / (10 * tenths) - 1) < 0.05, `${ratio}`);
    for (const [key, scan] of odd.elsewhere) assert.equal(even.elsewhere.get(key)?.weightGrams, scan.weightGrams);
  });
});

describe('a day with every fraud and every oddity', () => {
  it('has each by its name, and no scan that is part of two frauds or of a fraud and an oddity of the way', async (test) => {
    const { truth } = await writtenDay(test, {
      pieces: 1_400,
      licenses: 24,
      frauds: EVERY_FRAUD,
      oddities: ODDITIES,
    });
    const names = new Set(truth.map((line) => ('fraud' in line ? line.fraud : line.honest)));
    for (const name of [...EVERY_FRAUD, ...ODDITIES]) assert.ok(names.has(name), name);
    const guilty = truth.flatMap((line) => ('fraud' in line ? line.scanIds : []));
    assert.equal(new Set(guilty).size, guilty.length);
    const plants: readonly string[] = ['slow-plant-clock', 'other-scale'];
    const ways: ReadonlySet<string> = new Set(ODDITIES.filter((name) => !plants.includes(name)));
    const odd = truth.flatMap((line) => ('honest' in line && ways.has(line.honest) ? line.scanIds : []));
    assert.equal(new Set(odd).size, odd.length);
    assert.deepEqual(
      odd.filter((scanId) => guilty.includes(scanId)),
      [],
    );
  });

  it('tells of the parts in each fraud', async (test) => {
    const { truth } = await writtenDay(test, { pieces: 1_400, licenses: 24, frauds: EVERY_FRAUD });
    for (const line of truth) if ('fraud' in line) assert.ok((line.parts ?? []).length > 0, line.fraud);
  });
});
