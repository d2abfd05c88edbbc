import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import sharp from 'sharp';
import { ENCODINGS, type Encoding, type Outcome, type SorterScan } from '../../client/index.ts';
import { suiteScope } from '../support/sorter-server.ts';
import { type Holder, PLANT, SorterWorld } from '../support/sorter-world.ts';
import { clientSpeaker, rawSpeaker, type Speaker } from '../support/speakers.ts';

/**
 * The interface as tables: what is said, and what is answered. Every row is run by the client of the package and by HTTP
 * and nothing else, against a server in a process of its own.
 */
interface Row {
  readonly says: string;
  /** What was said before, in order, is answered too. */
  readonly scans: (world: SorterWorld) => SorterScan[] | Promise<SorterScan[]>;
  readonly answers: readonly string[];
  readonly as?: Holder | 'nobody';
  readonly ways?: readonly Encoding[];
}

const ROWS: readonly Row[] = [
  { says: 'a payload', scans: (world) => [world.honest()], answers: ['accept'] },
  { says: 'a crop', scans: (world) => [world.honestCrop()], answers: ['accept'] },
  { says: 'a forged mark', scans: (world) => [world.forged()], answers: ['divert forged'] },
  { says: 'a picture without a mark', scans: async (world) => [await unmarked(world)], answers: ['manual no-symbol'] },
  {
    says: 'bytes that are not a picture',
    scans: (world) => [{ ...markless(world), image: Buffer.from('\x89PNG but no more of it', 'latin1') }],
    answers: ['manual image-unsupported'],
  },
  {
    says: 'half a picture',
    scans: (world) => [halved(world.honestCrop())],
    answers: ['manual image-corrupt'],
  },
  { says: 'no mark at all', scans: (world) => [markless(world)], answers: ['manual scan-incomplete'], ways: ['json'] },
  { says: 'the same scan twice', scans: (world) => twice(world.honest()), answers: ['accept', 'accept repeated'] },
  {
    says: 'the same forged scan twice',
    scans: (world) => twice(world.forged()),
    answers: ['divert forged', 'divert forged repeated'],
  },
  {
    says: 'another scan with a scan id that was used',
    scans: (world) => reused(world.honest(), { machine: 'DBCS-99' }),
    answers: ['accept', 'accept scan-id-reused'],
  },
  {
    says: 'another mark with a scan id that was used',
    scans: (world) => reused(world.honest(), { payload: Buffer.from('another mark') }),
    answers: ['accept', 'manual unknown-version scan-id-reused'],
  },
  {
    says: 'the same mark on another mailpiece',
    scans: (world) =>
      reused(world.honest(), {
        scanId: `copy of ${world.honest().scanId}`,
        mailpieceId: `another ${world.honest().scanId}`,
      }),
    answers: ['accept', 'divert copy'],
  },
  {
    says: 'the same mailpiece on another machine',
    scans: (world) => reused(world.honest(), { scanId: `again ${world.honest().scanId}`, machine: 'CSBCS-2' }),
    answers: ['accept', 'accept'],
  },
  {
    says: 'a scan of the plant of its token',
    scans: (world) => [{ ...world.honest(), plant: PLANT }],
    answers: ['accept'],
  },
  {
    says: 'a scan of another plant',
    scans: (world) => [{ ...world.honest(), plant: '10001' }],
    answers: ['403 forbidden'],
  },
  {
    says: 'a deadline of a minute',
    scans: (world) => [{ ...world.honest(), deadlineMs: 60_000 }],
    answers: ['accept'],
  },
  {
    says: 'a deadline beyond a minute',
    scans: (world) => [{ ...world.honest(), deadlineMs: 60_001 }],
    answers: ['400 bad-request'],
  },
  { says: 'no scan id', scans: (world) => [{ ...world.honest(), scanId: '' }], answers: ['400 bad-request'] },
  { says: 'a scan without a token', scans: (world) => [world.honest()], answers: ['401 unauthorized'], as: 'nobody' },
  {
    says: 'a large picture without a token',
    scans: (world) => [{ ...markless(world), image: Buffer.alloc(700_000) }],
    answers: ['401 unauthorized'],
    as: 'nobody',
  },
  {
    says: 'a scan with the token of an investigator',
    scans: (world) => [world.honest()],
    answers: ['403 forbidden'],
    as: 'investigator',
  },
];

const scope = suiteScope();
let world: SorterWorld;
before(async () => {
  world = await SorterWorld.open(scope);
});

for (const [name, newSpeaker] of Object.entries({ client: clientSpeaker, 'raw HTTP': rawSpeaker })) {
  const speakers = new Map<string, Speaker>();
  const as = (holder: Holder | 'nobody'): Speaker => {
    const known =
      speakers.get(holder) ?? newSpeaker(world.server.url, holder === 'nobody' ? null : world.tokens[holder]);
    speakers.set(holder, known);
    return known;
  };

  describe(`one scan, by ${name}`, () => {
    for (const { says, scans, answers, as: holder = 'sorter', ways = ENCODINGS } of ROWS) {
      for (const way of ways) {
        it(`${says} (${way}): ${answers.at(-1)}`, async () => {
          const told: string[] = [];
          for (const scan of await scans(world)) told.push(toldOf(await as(holder).verdict(scan, way)));
          assert.deepEqual(told, answers);
        });
      }
    }

    it('is the same scan by any way it comes', async () => {
      const scan = world.honestCrop();
      const outcomes: Outcome[] = [];
      for (const way of ENCODINGS) outcomes.push(await as('sorter').verdict(scan, way));
      assert.deepEqual(outcomes.map(toldOf), ['accept', 'accept repeated', 'accept repeated']);
    });

    it('says what the mark says, and by which list and policy it was judged', async () => {
      const scan = world.honest();
      const outcome = await as('sorter').verdict(scan, 'json');
      assert.ok(!('code' in outcome));
      assert.equal(outcome.scanId, scan.scanId);
      assert.match(outcome.fields?.ascendingMills ?? '', /^\d+$/);
      assert.equal(outcome.fields?.suite, 'ecdsa-p256-sha256');
      assert.ok(outcome.trustVersion >= 1 && outcome.policyVersion >= 1);
      const { waitMs = -1, readMs = -1, recordMs = -1, totalMs = -1 } = outcome.timings ?? {};
      assert.ok(Math.min(waitMs, readMs, recordMs) >= 0 && totalMs >= Math.max(waitMs, readMs, recordMs));
    });

    it('is found again by its id, by those who may look', async () => {
      const scan = world.forged();
      await as('sorter').verdict(scan, 'json');
      const found = await as('investigator').find(scan.scanId);
      assert.equal(toldOf(found), 'divert forged repeated');
      assert.equal(toldOf(await as('investigator').find('no/such scan')), '404 not-found');
      assert.equal(toldOf(await as('nobody').find(scan.scanId)), '401 unauthorized');
      assert.equal(toldOf(await as('nobody').late(scan.scanId)), '401 unauthorized');
    });

    it('gets the default disposition when its deadline passes, and its verdict by the feed and by a retry', async () => {
      const scan = { ...world.honestCrop(), deadlineMs: 1 };
      assert.equal(toldOf(await as('sorter').verdict(scan, 'raw')), 'manual deadline-passed late');
      const published = await as('sorter').late(scan.scanId);
      assert.deepEqual([published.scanId, toldOf(published)], [scan.scanId, 'accept']);
      const { deadlineMs: _, ...patient } = scan;
      assert.equal(toldOf(await as('sorter').verdict(patient, 'raw')), 'accept repeated');
    });
  });

  describe(`many scans, by ${name}`, () => {
    const mixed = () => {
      const [honest, again] = [world.honest(), world.honest()];
      const scans = [honest, world.forged(), world.honestCrop(), again, again, { ...honest, machine: 'DBCS-99' }];
      return {
        scans,
        answers: ['accept', 'divert forged', 'accept', 'accept', 'accept repeated', 'accept scan-id-reused'],
      };
    };

    it('of a batch are answered in their order', async () => {
      const { scans, answers } = mixed();
      const outcomes = await as('sorter').batch(scans);
      assert.deepEqual(outcomes.map(toldOf), answers);
      assert.deepEqual(
        outcomes.map(({ scanId }) => scanId),
        scans.map(({ scanId }) => scanId),
      );
    });

    it('of a stream are answered one by one, while it stays open', async () => {
      const { scans, answers } = mixed();
      const outcomes = await as('sorter').stream(scans);
      assert.deepEqual(outcomes.map(toldOf), answers);
      assert.deepEqual(
        outcomes.map(({ scanId }) => scanId),
        scans.map(({ scanId }) => scanId),
      );
    });

    it('are refused together where their sender may not send them', async () => {
      const scans = [world.honest(), world.honest()];
      assert.deepEqual((await as('investigator').batch(scans)).map(toldOf), ['403 forbidden', '403 forbidden']);
    });
  });
}

/** `accept`, `divert forged`, `manual deadline-passed late`, `403 forbidden`. */
function toldOf(outcome: Outcome): string {
  if ('code' in outcome) return `${outcome.status} ${outcome.code}`;
  const { disposition, reasons, late, repeated } = outcome;
  const codes = reasons.map(({ code }) => code);
  return [disposition, ...codes, ...(late ? ['late'] : []), ...(repeated ? ['repeated'] : [])].join(' ');
}

function markless(world: SorterWorld): SorterScan {
  const { payload: _, ...scan } = world.honest();
  return scan;
}

async function unmarked(world: SorterWorld): Promise<SorterScan> {
  const blank = sharp({ create: { width: 200, height: 200, channels: 3, background: '#ddd' } });
  return { ...markless(world), image: await blank.png().toBuffer() };
}

function halved({ image = Buffer.alloc(0), ...scan }: SorterScan): SorterScan {
  return { ...scan, image: image.subarray(0, image.length / 2) };
}

function twice(scan: SorterScan): SorterScan[] {
  return [scan, scan];
}

function reused(scan: SorterScan, change: Partial<SorterScan>): SorterScan[] {
  return [scan, { ...scan, ...change }];
}
