import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Scan } from '../../indicium/index.ts';
import { booksOf, HOME, MORNING_MS, PSDS, Registers, seen } from '../support/books.ts';
import { findingsOf, scanIdsOf, scansNamed } from '../support/findings.ts';

const MINUTE_MS = 60_000;
const at = (minutes: number) => MORNING_MS + minutes * MINUTE_MS;
/** Shelton, Connecticut, its neighbor Madison, and Frisco, Texas: 2,279 km away, 2 hours and 32 minutes at 900 km/h. */
const PLANTS = [
  { plant: 'P1', postcode: HOME, latitude: 41.3, longitude: -73.1 },
  { plant: 'P2', postcode: '06443', latitude: 41.3, longitude: -72.6 },
  { plant: 'P3', postcode: '75034', latitude: 33.1, longitude: -96.8 },
];
const WHERE = booksOf({ plants: PLANTS });
/** What else is found of mail that enters elsewhere. */
const only = <Item extends { kind: string }>(findings: readonly Item[]) =>
  findings.filter(({ kind }) => kind !== 'wrong-town' && kind !== 'copy' && kind !== 'doubtful-path');

describe('the two-places detector', () => {
  const scan = (plant: string, minutes: number | null, change: Partial<Scan> = {}) => ({
    plant,
    scannedAtMs: minutes === null ? null : at(minutes),
    ...change,
  });

  it('names what came in where its device could not have been, and not what came in at home', async (test) => {
    const registers = new Registers();
    const home = seen(registers.print(0), scan('P1', 5));
    const away = seen(registers.print(1), scan('P3', 6));
    const findings = await findingsOf(test, [home, away], WHERE);
    assert.deepEqual(scansNamed(findings, 'two-places'), scanIdsOf([away]));
  });

  it('leaves the device, and each piece, the time that a journey takes, and the clocks their tolerance', async (test) => {
    // 152 minutes in the air less an hour that the clocks may differ by: 92 minutes lie between what is possible and what is not.
    for (const [gapMinutes, isFound] of [
      [91, true],
      [93, false],
    ] as const) {
      for (const [printed, scanned] of [
        [0, gapMinutes],
        [gapMinutes, gapMinutes],
        [gapMinutes - 30, gapMinutes],
      ] as const) {
        const registers = new Registers();
        const pair = [seen(registers.print(0), scan('P1', 0)), seen(registers.print(printed), scan('P3', scanned))];
        const findings = await findingsOf(test, pair, WHERE);
        assert.equal(scansNamed(findings, 'two-places').length > 0, isFound, `${gapMinutes} ${printed}`);
      }
    }
  });

  it('leaves one mark at two plants to those who tell of copies: no device made it twice', async (test) => {
    const mark = new Registers().print(0);
    const pair = (first: string | null, second: string | null) => [
      seen(mark, scan('P2', 5, { mailpieceId: first, pass: 'destination' })),
      seen(mark, scan('P3', 20, { mailpieceId: second, pass: 'destination' })),
    ];
    const told = async (first: string | null, second: string | null) => {
      const findings = await findingsOf(test, pair(first, second), WHERE);
      return findings.map(({ kind, scanIds }) => [kind, scanIds.length]);
    };
    assert.deepEqual(await told('M1', 'M1'), [['cloned-id', 2]]);
    assert.deepEqual(await told('M1', null), [['copy', 2]]);
    assert.deepEqual(await told(null, null), [['copy', 2]]);
    assert.deepEqual(await told('M1', 'N1'), [['copy', 2]]);
  });

  const honest: [string, (registers: Registers) => ReturnType<typeof seen>[]][] = [
    ['a plant next door', (r) => [seen(r.print(0), scan('P1', 5)), seen(r.print(0), scan('P2', 5))]],
    [
      'a re-scan the next day',
      (r) => {
        const mark = r.print(0);
        return [
          seen(mark, scan('P1', 5, { mailpieceId: 'M' })),
          seen(mark, scan('P3', 700, { mailpieceId: 'M', pass: 'destination' })),
        ];
      },
    ],
    [
      'a scan whose clock is hours behind its mark',
      (r) => [seen(r.print(0), scan('P1', 5)), seen(r.print(1), scan('P3', -1_200))],
    ],
    ['a scan without a time', (r) => [seen(r.print(0), scan('P1', 5)), seen(r.print(1), scan('P3', null))]],
    ['a plant that nobody knows', (r) => [seen(r.print(0), scan('P1', 5)), seen(r.print(1), scan('P9', 5))]],
    [
      'two passes of a piece, whose plants may have different clocks',
      (r) => {
        const mark = r.print(0);
        return [
          seen(mark, scan('P1', 5, { mailpieceId: 'M' })),
          seen(mark, scan('P3', 6, { mailpieceId: 'M', pass: 'destination' })),
        ];
      },
    ],
    [
      'passes after the first',
      (r) => [seen(r.print(0), scan('P1', 5)), seen(r.print(1), scan('P3', 5, { pass: 'destination' }))],
    ],
    [
      'two PSDs of a license',
      () => [
        seen(new Registers(PSDS[0]).print(0), scan('P1', 5)),
        seen(new Registers(PSDS[1]).print(0), scan('P3', 5)),
      ],
    ],
  ];
  for (const [what, evidence] of honest) {
    it(`says nothing of ${what}`, async (test) => {
      assert.deepEqual(only(await findingsOf(test, evidence(new Registers()), WHERE)), []);
    });
  }

  it('is silent where the registry has no coordinates, or two for one plant', async (test) => {
    const registers = new Registers();
    const pair = [seen(registers.print(0), scan('P1', 5)), seen(registers.print(1), scan('P3', 6))];
    const unplaced = booksOf({ plants: PLANTS.map(({ plant, postcode }) => ({ plant, postcode })) });
    assert.deepEqual(only(await findingsOf(test, pair, unplaced)), []);
    const twice = booksOf({ plants: [...PLANTS, { plant: 'P3', postcode: '1', latitude: 40, longitude: -73 }] });
    assert.deepEqual(only(await findingsOf(test, pair, twice)), []);
  });
});

describe('the faster-than-printer detector', () => {
  const jump = (registers: Registers, minutes: number, pieces: number) => {
    registers.pieceCount += BigInt(pieces - 1);
    registers.ascendingMills += (pieces - 1) * 10;
    registers.descendingMills = (registers.descendingMills ?? 0) - (pieces - 1) * 10;
    return registers.print(minutes, 10);
  };

  it('names a mark that is further ahead than the printer can have come, to the piece', async (test) => {
    for (const [minutes, pieces, isFound] of [
      [0, 1_000, false],
      [0, 1_001, true],
      [3, 4_000, false],
      [3, 4_001, true],
    ] as const) {
      const registers = new Registers();
      const start = seen(registers.print(0, 10));
      const ahead = seen(jump(registers, minutes, pieces));
      const after = seen(registers.print(minutes + 10, 10));
      const findings = await findingsOf(test, [start, ahead, after], booksOf());
      assert.deepEqual(scansNamed(findings, 'faster-than-printer'), isFound ? scanIdsOf([ahead]) : [], `${pieces}`);
    }
  });

  it('finds a pace that is beyond the printer over hours only', async (test) => {
    const registers = new Registers();
    const marks = [
      seen(registers.print(0, 10)),
      ...Array.from({ length: 6 }, (_, hour) => seen(jump(registers, 60 * (hour + 1), 60_200))),
    ];
    const named = scansNamed(await findingsOf(test, marks, booksOf()), 'faster-than-printer');
    // After the fifth hour the printer would be 1,000 pieces behind: one tick of the clock.
    assert.deepEqual(named, scanIdsOf(marks.slice(6)));
  });

  it('does not take a mark that runs back for a start', async (test) => {
    const registers = new Registers();
    registers.pieceCount = 500_000n;
    const marks = [registers.print(0), registers.print(60)];
    const old = new Registers().print(30);
    const findings = await findingsOf(
      test,
      [...marks, old].map((mark) => seen(mark)),
      booksOf(),
    );
    assert.deepEqual(scansNamed(findings, 'faster-than-printer'), []);
    assert.ok(scansNamed(findings, 'rollback').length > 0);
  });

  it('accuses no PSD that is told the time once a day: one date for 2,500 pieces', async (test) => {
    const registers = new Registers();
    const marks = Array.from({ length: 2_500 }, () => seen(registers.print(0, 10)));
    assert.deepEqual(await findingsOf(test, marks, booksOf()), []);
    // Nine pieces of ten were not seen.
    const few = marks.filter((_, index) => index % 10 === 0);
    assert.deepEqual(scansNamed(await findingsOf(test, few, booksOf()), 'faster-than-printer'), []);
  });

  it('learns from the dates of a set how seldom its PSD is told the time', async (test) => {
    for (const [minutesBetween, isFound] of [
      [1_440, false],
      [3, false],
      [1, true],
    ] as const) {
      const registers = new Registers();
      const usual = [0, 1, 2, 3].map((day) => seen(registers.print(day * minutesBetween, 10)));
      const crowded = Array.from({ length: 2_500 }, () => seen(registers.print(4 * minutesBetween, 10)));
      const findings = await findingsOf(test, [...usual, ...crowded], booksOf());
      assert.equal(scansNamed(findings, 'faster-than-printer').length > 0, isFound, `${minutesBetween}`);
    }
  });

  it('is not misled by a jump over counts that nobody saw, whatever the dates of the set', async (test) => {
    const registers = new Registers();
    const before = [0, 1_440].map((minutes) => seen(registers.print(minutes, 10)));
    const jumped = [seen(jump(registers, 1_440, 1_500)), seen(registers.print(1_440, 10))];
    const findings = await findingsOf(test, [...before, ...jumped], booksOf());
    assert.deepEqual(scansNamed(findings, 'faster-than-printer'), scanIdsOf(jumped));
  });

  it('is exact at the end of 64 bits', async (test) => {
    const registers = new Registers();
    const start = seen(registers.print(0));
    registers.pieceCount = 2n ** 64n - 2n;
    const last = seen(registers.print(60));
    assert.deepEqual(
      scansNamed(await findingsOf(test, [start, last], booksOf()), 'faster-than-printer'),
      scanIdsOf([last]),
    );
  });
});

describe('what informs and accuses nobody', () => {
  it('tells of a set of which less than half was scanned, and names no pieces', async (test) => {
    const registers = new Registers();
    const marks = Array.from({ length: 200 }, () => registers.print(0, 10));
    const told = async (share: number) =>
      findingsOf(
        test,
        marks.filter((_, index) => index === 0 || index === 199 || index % 10 < share).map((mark) => seen(mark)),
        booksOf(),
      );
    assert.deepEqual(await told(5), []);
    const [finding, ...others] = await told(4);
    assert.deepEqual(others, []);
    assert.deepEqual([finding?.kind, finding?.severity, finding?.scanIds], ['coverage', 'information', []]);
    assert.match(finding?.detail ?? '', /counted 200 pieces under license 1000, and 81 of them were scanned/);
  });

  it('tells of a day with ten times the usual pieces of a license, over all its PSDs', async (test) => {
    const days = async (volumes: readonly number[]) => {
      const sets = [new Registers(PSDS[0]), new Registers(PSDS[1])];
      const evidence = volumes.flatMap((volume, day) =>
        sets.flatMap((registers) => {
          const first = registers.print(day * 1_440, 1);
          registers.pieceCount += BigInt(volume - 2);
          registers.ascendingMills += volume - 2;
          registers.descendingMills = (registers.descendingMills ?? 0) - (volume - 2);
          return [seen(first), seen(registers.print(day * 1_440 + 300, 1))];
        }),
      );
      return (await findingsOf(test, evidence, booksOf())).filter(({ kind }) => kind === 'volume-change');
    };
    assert.deepEqual(await days([30, 30, 30, 30, 30, 299]), []);
    assert.deepEqual(await days([30, 30, 30, 30, 300]), [], 'four days are too few to compare with');
    const [finding, ...others] = await days([30, 40, 20, 30, 30, 300, 30]);
    assert.deepEqual(others, []);
    assert.deepEqual([finding?.severity, finding?.psd, finding?.scanIds], ['information', null, []]);
    assert.match(finding?.detail ?? '', /License 1000 franked 600 pieces on 2026-11-25; its usual day before had 60\./);
  });
});
