import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import type { ReasonCode, Scan } from '../../indicium/index.ts';
import type { Registry } from '../../verify/index.ts';
import { type Evidence, judged } from '../support/evidence.ts';
import { findingsOf } from '../support/findings.ts';
import { packed, SmallWorld } from '../support/marks.ts';

const HOUR_MS = 3_600_000;
const EVENING_MS = Date.UTC(2026, 10, 20, 18);
/** Two plants near each other and one that is 2,400 km away. */
const [HOME, NEXT, FAR] = ['06484', '06606', '75034'];
/** What the marks of the small world are signed for. */
const ADDRESS = '06443';

interface Post {
  readonly registry: Registry;
  readonly frank: () => Buffer;
}

function post(): Post {
  const world = new SmallWorld(1, 1);
  const registry = packed({
    ...world.records,
    plants: [
      { plant: HOME, postcode: '06484', latitude: 41.3, longitude: -73.1 },
      { plant: NEXT, postcode: '06606', latitude: 41.2, longitude: -73.2 },
      { plant: FAR, postcode: '75034', latitude: 33.1, longitude: -96.8 },
    ],
  });
  return { registry, frank: () => world.frank() };
}

/** What a plant may say of a scan, so many hours after the evening's first. */
type Stop = Partial<Scan> & { readonly hours?: number };

function stopped({ hours = 0, ...change }: Stop): Partial<Scan> {
  return { scannedAtMs: EVENING_MS + hours * HOUR_MS, plant: HOME, mailpieceId: 'ID1001', ...change };
}

function scansOf({ registry, frank }: Post, stops: readonly Stop[]): Evidence[] {
  const payload = frank();
  return judged(
    stops.map((stop) => ({ payload, scan: stopped(stop) })),
    registry,
  );
}

function reasonsOf(evidence: readonly Evidence[]): ReasonCode[] {
  return [...new Set(evidence.flatMap(({ verdict }) => verdict.reasons))];
}

/** By kind, how many scans findings name. */
async function told(test: TestContext, evidence: readonly Evidence[], { registry }: Post) {
  const findings = await findingsOf(test, evidence, registry);
  return Object.fromEntries(findings.map(({ kind, scanIds }) => [kind, scanIds.length]));
}

const times = (count: number, of: (index: number) => Stop) => Array.from({ length: count }, (_, index) => of(index));

describe('a copied id tag', () => {
  const thefts: [string, readonly Stop[]][] = [
    [
      'fifty letters under one mark and id in one minute at two machines',
      times(50, (index) => ({
        hours: index / 3_600,
        machine: `DBCS-${(index % 2) + 1}`,
        weightGrams: 20 + index,
        destination: `${10_000 + 137 * index}`,
      })),
    ],
    [
      'the same id 2,000 km away after ten minutes',
      [{ destination: ADDRESS }, { hours: 1 / 6, plant: FAR, destination: ADDRESS }],
    ],
    [
      'two plants far from each other at a time, whatever their scales say',
      [
        { destination: ADDRESS, weightGrams: 60 },
        { hours: 0.1, plant: FAR, destination: '60601', weightGrams: 20 },
      ],
    ],
    [
      'another destination and 60 g more on the same scale',
      [
        { weightGrams: 20, destination: ADDRESS },
        { hours: 1, weightGrams: 80, destination: '60601' },
      ],
    ],
    [
      'the same piece in the origin pass again after its delivery',
      [{}, { hours: 14, plant: FAR, pass: 'destination' }, { hours: 60 }],
    ],
    [
      'twenty letters to twenty addresses',
      times(20, (index) => ({ hours: index / 10, destination: `${20_000 + index}` })),
    ],
    ['more scans than a piece has', times(41, (index) => ({ hours: index / 60, pass: 'transit' }))],
  ];
  for (const [what, stops] of thefts) {
    it(`is proven by ${what}, and blames neither PSD nor license`, async (test) => {
      const here = post();
      const evidence = scansOf(here, stops);
      assert.ok(evidence.at(-1)?.verdict.reasons.includes('cloned-id'), `${reasonsOf(evidence)}`);
      assert.deepEqual(await told(test, evidence, here), { 'cloned-id': stops.length });
    });
  }

  it('is answered at the second scan where that shows it', () => {
    for (const [what, stops] of thefts.slice(1, 4)) {
      const evidence = scansOf(post(), stops);
      assert.equal(evidence[1]?.verdict.disposition, 'divert', what);
    }
  });

  const doubts: [string, readonly Stop[]][] = [
    ['two plants where it entered the mail', [{}, { hours: 20, plant: FAR }]],
    ['six entries over two days', times(6, (index) => ({ hours: 8 * index }))],
    ['another weight on the same scale', [{ weightGrams: 20 }, { hours: 1, weightGrams: 60 }]],
    ['a later pass sooner than anything travels', [{}, { hours: 0.5, plant: FAR, pass: 'destination' }]],
    ['a third address', times(3, (index) => ({ hours: 10 * index, destination: `${30_000 + 100 * index}` }))],
    ['many scans in one pass', times(9, (index) => ({ hours: index / 4 }))],
    [
      'another weight on another scale, and another address',
      [
        { weightGrams: 20, destination: ADDRESS },
        { hours: 14, plant: FAR, pass: 'destination', weightGrams: 60, destination: '60601' },
      ],
    ],
  ];
  for (const [what, stops] of doubts) {
    it(`is possible after ${what}: a person is told why`, async (test) => {
      const here = post();
      const evidence = scansOf(here, stops);
      assert.deepEqual(reasonsOf(evidence), ['possible-copy']);
      assert.equal(evidence.at(-1)?.verdict.disposition, 'manual');
      assert.deepEqual(await told(test, evidence, here), { 'doubtful-path': stops.length });
    });
  }
});

describe('the path of an honest piece', () => {
  const honest: [string, readonly Stop[]][] = [
    [
      'loops at its plant',
      times(5, (index) => ({ hours: index, weightGrams: 20 + (index % 3), destination: ADDRESS })),
    ],
    [
      'is missorted and sorted again',
      [{}, { hours: 10, plant: FAR, pass: 'destination' }, { hours: 20, plant: NEXT, pass: 'destination' }],
    ],
    [
      'is forwarded',
      [
        { destination: ADDRESS },
        { hours: 14, plant: FAR, pass: 'destination', destination: ADDRESS },
        { hours: 38, plant: NEXT, pass: 'destination', destination: '06606' },
      ],
    ],
    [
      'is returned',
      [
        { destination: ADDRESS },
        { hours: 14, plant: FAR, pass: 'destination', destination: ADDRESS },
        { hours: 60, plant: FAR, pass: 'transit', destination: '06484' },
        { hours: 80, plant: HOME, pass: 'destination', destination: '06484' },
      ],
    ],
    ['is handed in at a counter and then sorted', [{ machine: 'COUNTER' }, { hours: 3 }]],
    ['gets a new id tag in a later pass', [{}, { hours: 14, plant: FAR, pass: 'destination', mailpieceId: 'NEW777' }]],
    [
      'has its id in lower case, with blanks and filled up with zeros',
      [
        { mailpieceId: '000000123456' },
        { hours: 8, pass: 'transit', mailpieceId: ' 123456 ' },
        { hours: 14, plant: FAR, pass: 'destination', mailpieceId: '123-456' },
      ],
    ],
    [
      'has letters in its id that one machine writes small',
      [{ mailpieceId: 'AB12CD' }, { hours: 14, plant: FAR, pass: 'destination', mailpieceId: 'ab12cd' }],
    ],
    ['is seen by two cameras', [{ machine: 'A' }, { hours: 2 / 3_600, machine: 'B' }]],
    ['is told of late, and out of order', [{ hours: 14, plant: FAR, pass: 'destination' }, { hours: 0 }]],
    [
      'is weighed by two scales that count by other units',
      [{ weightGrams: 20 }, { hours: 14, plant: FAR, pass: 'destination', weightGrams: 7 }],
    ],
  ];
  for (const [what, stops] of honest) {
    it(`is accepted where it ${what}`, async (test) => {
      const here = post();
      const evidence = scansOf(here, stops);
      assert.deepEqual(reasonsOf(evidence), []);
      assert.deepEqual(await told(test, evidence, here), {});
    });
  }

  it('is accepted where its id was on another mark 90 days before', async (test) => {
    const here = post();
    const old = judged([{ payload: here.frank(), scan: stopped({ hours: -90 * 24 }) }], here.registry);
    const evidence = [...old, ...scansOf(here, [{}])];
    assert.deepEqual(await told(test, evidence, here), {});
  });
});

describe('mail without a usable id', () => {
  const copies = (mailpieceId: string | null) => times(10, (index) => ({ hours: index / 60, mailpieceId }));
  for (const id of [null, 'NOREAD', 'no read', '00000000', '????????', 'N/A']) {
    it(`is a copy in numbers that no re-scan explains, with ${id ?? 'none'} for an id`, async (test) => {
      const here = post();
      const evidence = scansOf(here, copies(id));
      assert.equal(evidence.at(-1)?.verdict.disposition, 'divert');
      assert.deepEqual(
        evidence.slice(1, 8).map(({ verdict }) => verdict.disposition),
        Array.from({ length: 7 }, () => 'manual'),
      );
      assert.deepEqual(await told(test, evidence, here), { copy: 10 });
    });
  }

  it('is told by its marks, where one id is on many of them', () => {
    const here = post();
    const marks = Array.from({ length: 30 }, () => here.frank());
    const all = [...marks, ...marks.slice(-1)].map((payload) => ({ payload, scan: stopped({ mailpieceId: 'TRAY7' }) }));
    const evidence = judged(all, here.registry);
    assert.deepEqual(evidence.at(-1)?.verdict.reasons, ['possible-copy']);
    assert.deepEqual(reasonsOf(evidence.slice(0, -1)), []);
  });
});

describe('a photocopy that is scanned first', () => {
  const cases: [string, Stop, Stop][] = [
    ['by its address', { mailpieceId: 'COPY1', destination: '60601' }, { mailpieceId: 'ORIG1', destination: ADDRESS }],
    ['by the town where it was deposited', { mailpieceId: 'COPY1', plant: FAR }, { mailpieceId: 'ORIG1' }],
  ];
  for (const [what, copy, original] of cases) {
    it(`gets the original to a person at most, and is told from it ${what}`, async (test) => {
      const world = new SmallWorld(1, 1);
      const { registry } = post();
      const payload = world.frank();
      const evidence = judged(
        [copy, original].map((stop) => ({ payload, scan: stopped(stop) })),
        registry,
      );
      assert.deepEqual(evidence[1]?.verdict.reasons, ['possible-copy']);
      const findings = await findingsOf(test, evidence, registry);
      assert.deepEqual(
        findings.map(({ kind, scanIds }) => [kind, scanIds.length]),
        [['copy', 2]],
      );
      assert.match(findings[0]?.detail ?? '', new RegExp(`the others do not: scans ${evidence[1]?.scan.scanId}\\.`));
    });
  }
});

describe('absurd scans', () => {
  it('of ten thousand under one id cost no more each than the first hundred', async (test) => {
    const here = post();
    const stops = times(10_000, (index) => ({
      hours: index / 7,
      weightGrams: (index * 7_919) % 70_000,
      plant: `P${index % 900}`,
    }));
    const evidence = scansOf(here, stops);
    assert.deepEqual(evidence.at(-1)?.verdict.disposition, 'divert');
    const findings = await told(test, evidence, here);
    assert.deepEqual(Object.keys(findings), ['cloned-id']);
  });

  it('of any weight, place and time are answered', () => {
    const here = post();
    const stop = fc.record({
      weightGrams: fc.constantFrom(null, 0, 1, 65_535, 65_536, 2 ** 31 - 1),
      plant: fc.constantFrom(null, '', HOME, 'nowhere', '\u{0}'),
      scannedAtMs: fc.constantFrom(null, 0, 1, EVENING_MS, 253_402_300_799_999),
      destination: fc.constantFrom(null, '', '?', '-'.repeat(300), 'ß', ADDRESS),
      pass: fc.constantFrom(null, 'origin', 'transit', 'destination'),
    });
    fc.assert(
      fc.property(fc.array(stop, { maxLength: 60 }), (stops) => {
        const payload = here.frank();
        judged(
          stops.map((scan) => ({ payload, scan: { ...scan, mailpieceId: 'ID1001' } })),
          here.registry,
        );
      }),
      { numRuns: 50 },
    );
  });
});
