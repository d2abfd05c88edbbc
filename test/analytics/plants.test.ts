import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { closeCase, detect, readCases, Store, StoreReader } from '../../analytics/index.ts';
import { renderReport } from '../../desk/index.ts';
import type { Finding, Scan } from '../../indicium/index.ts';
import { MORNING_MS, Registers, seen } from '../support/books.ts';
import { type Evidence, recordEvidence } from '../support/evidence.ts';
import { findingsOf, scansNamed } from '../support/findings.ts';
import { COUNTRY, HOUR_MS, heavier, LICENSES, late, letters, psdOf, scanned, type Town } from '../support/plants.ts';
import { temporaryFolder } from '../support/temporary.ts';

const ALL: readonly Town[] = ['06484', '10001', '50029', '75034'];
const YEAR = 365 * 24;

function of(findings: readonly Finding[], ...kinds: string[]): Finding[] {
  return findings.filter(({ kind }) => kinds.includes(kind));
}

function namedPlants(findings: readonly Finding[], kind: string): string[] {
  return of(findings, kind).map(({ detail }) => detail.split(' ')[1] ?? '');
}

/** What plant 06484 says of one piece is beyond what any takes: in time, and in weight at two addresses. */
const IMPOSSIBLE = impossiblePiece();

function impossiblePiece(): Evidence[] {
  const registers = new Registers(psdOf(1), 1);
  registers.pieceCount = 5_000n;
  const mark = registers.print(0);
  const at = (scan: Partial<Scan>) => scanned(mark, { mailpieceId: 'TAG', pass: 'transit', ...scan });
  return [
    at({ plant: '06484', scannedAtMs: mark.printedAtMs - 35.5 * HOUR_MS, weightGrams: 150, destination: '06443' }),
    at({ plant: '06484', scannedAtMs: mark.printedAtMs - 35 * HOUR_MS, weightGrams: 290, destination: '75034' }),
    at({ plant: '75034', scannedAtMs: mark.printedAtMs - 35 * HOUR_MS, weightGrams: 25, destination: '06443' }),
  ];
}

/** Kinds of findings that name a license. */
function accusing(findings: readonly Finding[]): string[] {
  return findings
    .filter(({ license, severity }) => license !== null && severity !== 'information')
    .map(({ kind }) => kind);
}

describe('a plant whose clock is wrong', () => {
  for (const [what, hours, said] of [
    ['40 hours slow', -40, /^Plant 06484 seems 40 h slow: /],
    ['40 hours fast', 40, /^Plant 06484 seems 40 h fast: /],
    ['a year slow', -YEAR, /^Plant 06484 seems 36[4-6] days slow: /],
    ['a year fast', YEAR, /^Plant 06484 seems 36[4-6] days fast: /],
  ] as const) {
    it(`is named by how far it is off, and no license is: ${what}`, async (test) => {
      const findings = await findingsOf(test, letters(ALL, { '06484': late(hours) }), COUNTRY);
      const clocks = of(findings, 'plant-clock');
      assert.ok(clocks.length > 0);
      for (const { detail, license, psd, scanIds } of clocks) {
        assert.match(detail, said);
        assert.deepEqual([license, psd, scanIds], [null, null, []]);
      }
      assert.deepEqual(accusing(findings), []);
    });
  }

  it('is named by the dates of the marks alone where no other plant saw its mail', async (test) => {
    const findings = await findingsOf(test, letters(['06484'], { '06484': late(-60) }), COUNTRY);
    assert.match(of(findings, 'plant-clock')[0]?.detail ?? '', /^Plant 06484 seems 50 h slow: /);
    assert.deepEqual(accusing(findings), []);
  });

  it('is not believed of a journey that nothing can travel', async (test) => {
    // Eight PSDs' mail comes in at two plants; the clock of one says, within the time of no airliner.
    const evidence = LICENSES.flatMap((license) => {
      const registers = new Registers(psdOf(license), license);
      return [0, 1, 2].flatMap((turn) => {
        const [here, there] = [registers.print(turn * 60), registers.print(2880 + turn * 60)];
        const at = (plant: string, scannedAtMs: number) => ({ plant, scannedAtMs, pass: 'origin' as const });
        return [
          scanned(here, at('75034', here.printedAtMs + HOUR_MS)),
          scanned(there, at('06484', there.printedAtMs + HOUR_MS)),
        ];
      });
    });
    assert.deepEqual(of(await findingsOf(test, evidence, COUNTRY), 'two-places'), []);
    const mail = letters(ALL, { '06484': late(-40) });
    const both = LICENSES.map((license) => {
      const registers = new Registers(psdOf(license), license);
      const [here, there] = [registers.print(0), registers.print(1)];
      const at = { pass: 'origin', scannedAtMs: MORNING_MS + HOUR_MS / 20 } as const;
      return [scanned(here, { ...at, plant: '75034' }), scanned(there, { ...at, plant: '06484' })];
    });
    const framed = await findingsOf(test, both.flat(), COUNTRY);
    assert.equal(of(framed, 'two-places').length, LICENSES.length, 'without a plant finding they are named');
    const held = await findingsOf(test, [...mail, ...letters(ALL, { '06484': late(-40) })], COUNTRY);
    assert.deepEqual(of(held, 'two-places'), []);
  });

  it('is not one whose mail lay for three days before all of it was sorted and delivered', async (test) => {
    const backlog = (scan: Parameters<ReturnType<typeof late>>[0]) => late(72)(scan);
    const everywhere = Object.fromEntries(ALL.map((plant) => [plant, backlog]));
    const findings = await findingsOf(test, letters(ALL, everywhere), COUNTRY);
    assert.deepEqual(of(findings, 'plant-clock'), []);
  });

  it('is not one where a license alone posts old marks, however many: it is named', async (test) => {
    const honest = letters(ALL);
    const attacker = new Registers(psdOf(1), 1);
    attacker.pieceCount = 1_000n;
    const old = Array.from({ length: 400 }, (_, index) =>
      scanned(attacker.print(index - 60 * 24 * 60, 0), {
        plant: '06484',
        scannedAtMs: MORNING_MS + 10 * HOUR_MS,
        pass: 'transit',
      }),
    );
    const findings = await findingsOf(test, [...honest, ...old], COUNTRY);
    assert.deepEqual(of(findings, 'plant-clock'), []);
    assert.equal(of(findings, 'stale-date')[0]?.scanIds.length, 400);
    const few = letters(['06484'], { '06484': late(-YEAR) }, LICENSES.slice(0, 4));
    assert.deepEqual(of(await findingsOf(test, few, COUNTRY), 'plant-clock'), [], 'four licenses are too few to tell');
  });
});

describe('a plant whose scale is wrong', () => {
  it('is named by how much it is off, and no license is named by its weights', async (test) => {
    for (const [times, said] of [
      [10, /^Plant 06484 seems to weigh 10\.0 times too heavy: /],
      [1 / 15, /^Plant 06484 seems to weigh 15\.0 times too light: /],
    ] as const) {
      const findings = await findingsOf(test, letters(ALL, { '06484': heavier(times) }), COUNTRY);
      assert.match(of(findings, 'plant-scale')[0]?.detail ?? '', said);
      assert.deepEqual(
        of(findings, 'plant-scale')
          .map(({ detail }) => detail.slice(0, 11))
          .filter((name) => name !== 'Plant 06484'),
        [],
      );
      assert.deepEqual(accusing(findings), []);
    }
  });

  it('is named where no other plant weighed the mail, once most licenses are short', async (test) => {
    const findings = await findingsOf(test, letters(['06484'], { '06484': heavier(28.35) }), COUNTRY);
    assert.match(of(findings, 'plant-scale')[0]?.detail ?? '', /too heavy/);
    assert.deepEqual(accusing(findings), []);
  });

  it('is told from the others where there are three plants, and each has two to be compared with', async (test) => {
    const three = ALL.slice(0, 3);
    const scales = await findingsOf(test, letters(three, { '06484': heavier(4) }), COUNTRY);
    assert.deepEqual(namedPlants(scales, 'plant-scale'), ['06484']);
    const clocks = await findingsOf(test, letters(three, { '06484': late(-42) }), COUNTRY);
    assert.deepEqual(namedPlants(clocks, 'plant-clock'), ['06484']);
  });

  it('accuses nobody on days with a few scans either, near others on which it is seen to be wrong', async (test) => {
    const mail = letters(ALL, { '06484': heavier(10) });
    const on = (days: number) => {
      const mark = new Registers(psdOf(1), 1).print(days * 24 * 60 + 7);
      const at = {
        scannedAtMs: mark.printedAtMs + 10 * HOUR_MS,
        plant: '06484',
        pass: 'transit',
        weightGrams: 150,
      } as const;
      return scanned({ ...mark, pieceCount: 900n + BigInt(days + 400) }, at);
    };
    const [near, far] = [[-92, 10, 100].map(on), [-130, 140].map(on)];
    const findings = await findingsOf(test, [...near, ...mail, ...far], COUNTRY);
    assert.deepEqual(scansNamed(findings, 'short-postage'), far.map(({ scan }) => scan.scanId).toSorted());
  });

  it('and whose clock is, prove nothing of what a piece did', async (test) => {
    const wrong = { '06484': (scan: Partial<Scan>) => heavier(10)(late(-60)(scan)) };
    const kinds = ['cloned-id', 'doubtful-path'];
    assert.equal(scansNamed(await findingsOf(test, IMPOSSIBLE, COUNTRY), 'cloned-id').length, 3);
    const findings = await findingsOf(test, [...letters(ALL, wrong), ...IMPOSSIBLE], COUNTRY);
    assert.deepEqual(of(findings, ...kinds), []);
  });

  it('is not one where a license alone posts heavy mail; nor does it hide a price that is too low', async (test) => {
    const attacker = new Registers(psdOf(1), 1);
    attacker.pieceCount = 1_000n;
    const at = { plant: '06484', scannedAtMs: MORNING_MS + 10 * HOUR_MS, pass: 'transit' } as const;
    const heavy = Array.from({ length: 400 }, (_, index) =>
      scanned(attacker.print(index), { ...at, weightGrams: 500 }),
    );
    const honest = await findingsOf(test, [...letters(ALL), ...heavy], COUNTRY);
    assert.deepEqual(of(honest, 'plant-scale'), []);
    assert.equal(of(honest, 'short-postage')[0]?.scanIds.length, 400);
    const cheap = scanned(attacker.print(500, 10), { ...at, weightGrams: 5 });
    const findings = await findingsOf(test, [...letters(ALL, { '06484': heavier(10) }), cheap], COUNTRY);
    assert.deepEqual(
      of(findings, 'short-postage').map(({ scanIds }) => scanIds),
      [[cheap.scan.scanId]],
    );
  });
});

describe('a machine that reads a sudden share of nothing', () => {
  const scans = (machine: string, hour: number, count: number, unread: number): Evidence[] =>
    Array.from({ length: count }, (_, index) => {
      const one = seen(new Registers().print(index), {
        machine,
        scannedAtMs: MORNING_MS + hour * HOUR_MS + index,
      });
      if (index >= unread) return one;
      const outcome = (['no-symbol', 'no-key', 'bad-length'] as const)[index % 3] ?? 'no-symbol';
      return { ...one, reading: { ...one.reading, outcome, indicium: null } };
    });

  it('is named with its plant, its hour and the share, and no license is', async (test) => {
    const evidence = [...scans('DBCS-1', 0, 200, 4), ...scans('DBCS-1', 1, 200, 160), ...scans('DBCS-2', 1, 200, 4)];
    const [told, ...others] = of(await findingsOf(test, evidence, COUNTRY), 'unreadable-share');
    assert.deepEqual(others, []);
    assert.equal(
      told?.detail,
      'Machine DBCS-1 of plant 06484: 160 of 200 scans in the hour from 10:00 UTC on 2026-11-20 were unread, foreign or malformed, 80 %; usually 2 %. Such hours of that day: 1.',
    );
    assert.deepEqual([told.severity, told.license, told.psd, told.scanIds], ['low', null, null, []]);
  });

  it('is not found where few were scanned, where the share is small, or where it is the usual one everywhere', async (test) => {
    for (const evidence of [
      [...scans('DBCS-1', 0, 200, 4), ...scans('DBCS-1', 1, 90, 90)],
      [...scans('DBCS-1', 0, 200, 0), ...scans('DBCS-1', 1, 200, 50)],
      ['DBCS-1', 'DBCS-2'].flatMap((machine) => [0, 1, 2].flatMap((hour) => scans(machine, hour, 200, 90))),
    ]) {
      assert.deepEqual(of(await findingsOf(test, evidence, COUNTRY), 'unreadable-share'), []);
    }
  });
});

describe('a plant that claims times at which its scans were not made', () => {
  const received = (delayMs: number, count: number, turn: number): Evidence[] => {
    const registers = new Registers(psdOf(turn), turn);
    return Array.from({ length: count }, (_, index) => {
      const one = seen(registers.print(index), { scannedAtMs: MORNING_MS + index });
      return { ...one, receivedAtMs: MORNING_MS + index + delayMs };
    });
  };
  const claims = async (test: TestContext, evidence: readonly Evidence[]) =>
    of(await findingsOf(test, evidence, COUNTRY), 'claimed-time');

  it('is named with how many were received before, or long after, by how much at most, and no license is', async (test) => {
    const evidence = [...received(-5 * HOUR_MS, 3, 1), ...received(4 * 24 * HOUR_MS, 2, 2), ...received(1_000, 5, 3)];
    const [told, ...others] = await claims(test, evidence);
    assert.deepEqual(others, []);
    assert.equal(
      told?.detail,
      'Plant 06484 claims to have made 10 scans on 2026-11-20. Received before the claimed time: 3, by up to 5.0 hours; more than three days after it: 2, by up to 4.0 days.',
    );
    assert.deepEqual([told.severity, told.license, told.psd, told.role], ['medium', null, null, 'unknown']);
  });

  it('is told of gently where its scans are only late', async (test) => {
    const [told] = await claims(test, received(10 * 24 * HOUR_MS, 4, 1));
    assert.equal(told?.severity, 'low');
  });

  it('is not named for clocks that are minutes apart, for a weekend, or where nobody knows the receipt', async (test) => {
    const unknown = received(-5 * HOUR_MS, 3, 4).map(({ receivedAtMs, ...one }) => one);
    const minutes = [...received(-9 * 60_000, 3, 1), ...received(2.9 * 24 * HOUR_MS, 3, 2), ...unknown];
    assert.deepEqual(await claims(test, minutes), []);
  });
});

describe('findings about plants', () => {
  // By a right scale the piece is too heavy for its postage, which a copied mark would explain.
  const mail = [...letters(ALL, { '06484': (scan) => heavier(10)(late(-60)(scan)) }), ...IMPOSSIBLE];

  async function told(test: TestContext, batches: readonly (readonly Evidence[])[]): Promise<string> {
    const store = await Store.open(join(await temporaryFolder(test), 'store.duckdb'));
    await store.setRegistry(COUNTRY);
    for (const batch of batches) {
      await recordEvidence(store, batch, 'test', null);
      await detect(store);
    }
    const result = await store.connection.runAndReadAll('from findings order by all');
    store.close();
    return result
      .getRowsJson()
      .map((row) => JSON.stringify(row))
      .join('\n');
  }

  it('and what they hold back are the same for any order of arrival and any batches', async (test) => {
    const cold = await told(test, [mail]);
    assert.match(cold, /plant-clock.*\n.*plant-scale/);
    assert.doesNotMatch(cold, /future-date|stale-date|cloned-id|doubtful-path/);
    assert.equal(cold.match(/short-postage/g)?.length, 1);
    const shuffled = fc.record({
      arrived: fc.shuffledSubarray(mail, { minLength: mail.length }),
      cuts: fc.array(fc.nat({ max: mail.length }), { minLength: 1, maxLength: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(shuffled, async ({ arrived, cuts }) => {
        const borders = [0, ...cuts.toSorted((a, b) => a - b), mail.length];
        const batches = borders.slice(1).map((end, index) => arrived.slice(borders[index], end));
        assert.equal(await told(test, batches), cold);
      }),
      { numRuns: 6, endOnFailure: true },
    );
  });

  it('let a license be named again, and a piece, once their plant is seen to have been right', async (test) => {
    // Of seven licenses the plant looks slow; with the others' mail of the day it does not.
    const slow = letters(['06484'], { '06484': late(-60) }, LICENSES.slice(0, 7));
    const others = [1, 2, 3].flatMap((turn) =>
      Array.from({ length: 8 }, (_, index) => {
        const license = 100 + index;
        const mark = new Registers(psdOf(license), license).print(-60 * 60 + turn);
        return scanned(mark, {
          plant: '06484',
          pass: 'transit',
          scannedAtMs: MORNING_MS - 50 * HOUR_MS,
          mailpieceId: null,
        });
      }),
    );
    const registers = new Registers(psdOf(1), 1);
    registers.pieceCount = 5_000n;
    const mark = registers.print(-60 * 60);
    const atTwoPlants = ['06484', '75034'].map((plant) => {
      return scanned(mark, { plant, mailpieceId: 'TAG', pass: 'transit', scannedAtMs: MORNING_MS - 50 * HOUR_MS });
    });
    const first = [...slow, ...atTwoPlants];
    const [before, after, cold] = [
      await told(test, [first]),
      await told(test, [first, others]),
      await told(test, [[...first, ...others]]),
    ];
    assert.match(before, /plant-clock/);
    assert.doesNotMatch(before, /future-date|cloned-id/);
    assert.match(after, /future-date/);
    assert.match(after, /cloned-id/);
    assert.doesNotMatch(after, /plant-clock/);
    assert.equal(after, cold);
  });

  it('are cases of the plant, which close and open again with another month, and stand on the page', async (test) => {
    const folder = await temporaryFolder(test);
    const path = join(folder, 'store.duckdb');
    const store = await Store.open(path);
    await store.setRegistry(COUNTRY);
    await recordEvidence(store, mail, 'test', null);
    await detect(store);
    assert.equal(await closeCase(store, 'plant/06484', 'clock mended', 1), true);
    const states = async () =>
      (
        await store.connection.runAndReadAll(
          "select state, kinds::varchar, score, scans from cases where case_id = 'plant/06484'",
        )
      ).getRowsJson();
    assert.deepEqual(await states(), [['closed', '[plant-clock, plant-scale]', '30', '0']]);
    await recordEvidence(
      store,
      letters(ALL, { '06484': late(-60) }).map(({ scan, reading, verdict }) => {
        const by = 40 * 24 * HOUR_MS;
        const indicium =
          reading.indicium === null
            ? null
            : {
                ...reading.indicium,
                printedAtMs: reading.indicium.printedAtMs + by,
                pieceCount: reading.indicium.pieceCount + 100n,
              };
        return {
          scan: { ...scan, scannedAtMs: (scan.scannedAtMs ?? 0) + by },
          reading: { ...reading, indicium, contentDigest: reading.contentDigest + 1n },
          verdict,
        };
      }),
      'test',
      null,
    );
    await detect(store);
    assert.equal((await states())[0]?.[0], 'reopened');
    store.close();
    const reader = await StoreReader.open(path);
    const cases = await Array.fromAsync(readCases(reader));
    assert.ok(cases.some(({ caseId, license, psd }) => caseId === 'plant/06484' && license === null && psd === null));
    const page = await renderReport(reader, folder);
    reader.close();
    assert.match(page, /<h3>plant-clock <small>medium<\/small><\/h3>\n<p>Plant 06484 seems 60 h slow: /);
  });
});
