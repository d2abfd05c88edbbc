import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ExportedSet } from '../../psd-sim/messages/kinds.ts';
import { contentsOf, seal } from '../../psd-sim/messages/sealed.ts';
import type { Guard } from '../../psd-sim/psd/guards.ts';
import { RegisterSlot } from '../../psd-sim/psd/register-slot.ts';
import { MISCHIEFS } from './hostile-links.ts';
import { ATTACKS, expectNothingNew, expectRefusal, onDisk, STRANGER } from './patent-attacks.ts';
import { PatentWorld, type Payment, PSDS, TOWN } from './patent-world.ts';

/** What the users of a post do, and what befalls them. */
const HONEST_ACTS = [
  ...(['frank', 'frank', 'frank', 'frank', 'refill', 'refill', 'refill-both', 'license'] as const),
  ...(['move-out', 'move-in', 'move-in', 'move-twice', 'leave', 'cancel', 'withdraw', 'replace'] as const),
  ...(['spoil', 'audit', 'renew-key', 'restart', 'tick', 'rotate'] as const),
];

/** One step: what happens, to which PSD and license, and what the links and the power supply do meanwhile. */
function stepWith(attacks: number) {
  return fc.record({
    act: fc.oneof(
      { weight: HONEST_ACTS.length, arbitrary: fc.constantFrom(...HONEST_ACTS) },
      { weight: attacks, arbitrary: fc.constant('attack' as const) },
    ),
    psd: fc.nat({ max: PSDS - 1 }),
    license: fc.nat({ max: 5 }),
    amount: fc.nat({ max: 9 }),
    mischief: fc.array(fc.constantFrom('pass' as const, ...MISCHIEFS), { maxLength: 4 }),
    alterAtPermille: fc.nat({ max: 999 }),
    cutAfterBytes: fc.option(fc.nat({ max: 2_500 }), { freq: 3 }),
    cutRecoveryAfterBytes: fc.option(fc.nat({ max: 600 })),
    attack: fc.nat({ max: 1_000 }),
  });
}
export type Step = ReturnType<typeof stepWith> extends fc.Arbitrary<infer Value> ? Value : never;

const STEPS_MAX = 30;

/** Histories of a post in which so many steps are attacks for each 22 that are not. */
export function historiesWith(attacks: number, minLength: number): fc.Arbitrary<Step[]> {
  return fc.array(stepWith(attacks), { minLength, maxLength: STEPS_MAX });
}

/** Plays one history of the patent's system and compares it with the books after every step. */
export async function play(
  steps: readonly Step[],
  guards: ReadonlySet<Guard>,
  payment: Payment = 'prepaid',
): Promise<void> {
  const world = await PatentWorld.open(guards, payment);
  try {
    await prepare(world);
    for (const next of steps) {
      world.plan(next.mischief, next.alterAtPermille / 1000);
      const act = () => (next.act === 'attack' ? attack(world, next) : honest(world, next));
      if (next.cutAfterBytes === null) await act();
      else await world.withPowerCut(next.psd, next.cutAfterBytes, act, next.cutRecoveryAfterBytes);
      world.plan([]);
      // The asker may have had no power when the answer came.
      world.noteLicenses();
      world.check();
    }
    await settle(world);
    world.checkDisk();
  } finally {
    world.close();
  }
}

/** One license on the first two PSDs, one on the second, one on the third; money in all. */
async function prepare(world: PatentWorld): Promise<void> {
  const shared = await licensed(world, 0, null);
  await licensed(world, 1, shared);
  await licensed(world, 2, null);
  await licensed(world, 1, null);
  for (let psd = 0; psd < PSDS; psd++) {
    for (const { license } of world.sets(psd)) await world.hostOf(psd).refill(world.name(psd), license, 2_000n);
  }
  world.check();
}

async function licensed(world: PatentWorld, psd: number, existingLicense: number | null): Promise<number> {
  const license = await tryLicense(world, psd, existingLicense);
  assert.ok(typeof license === 'number', String(license));
  return license;
}

async function tryLicense(world: PatentWorld, psd: number, existingLicense: number | null) {
  const wish = { holder: world.userOf(psd), town: TOWN.name, depositPostcode: TOWN.postcode, existingLicense };
  const license = await world.hostOf(psd).obtainLicense(world.name(psd), wish);
  world.noteLicenses();
  return license;
}

async function honest(world: PatentWorld, { act, psd, license: index, amount, attack: odd }: Step): Promise<void> {
  const host = world.hostOf(psd);
  const name = world.name(psd);
  const own = world.licenses.filter((number) => host.store.get(name, number, 'license') !== null);
  // Mostly a license that this PSD has or had, now and then somebody else's.
  const licenses = index < 5 && own.length > 0 ? own : world.licenses;
  const license = licenses[index % licenses.length] ?? 0;
  switch (act) {
    case 'frank':
      world.frank(psd, license, BigInt(amount) * 250n, odd % 4 > 0);
      return;
    case 'refill':
      await host.refill(name, license, BigInt(amount + 1) * 500n);
      return;
    case 'refill-both':
      await refillBoth(world, psd, BigInt(amount + 1) * 2_000n);
      return;
    case 'license':
      await tryLicense(world, psd, amount < 5 ? license : null);
      return;
    case 'move-out':
      host.moveOut(name, license);
      break;
    case 'move-in':
      host.moveIn(name, license);
      return;
    case 'leave':
      leave(world, psd, license);
      break;
    case 'spoil':
      // The debit is in memory when the power fails, and nothing was printed.
      host.tellNews(name);
      await world.withPowerCut(psd, RegisterSlot.debitBytes, async () => {
        world.frank(psd, license, 250n, true);
      });
      return;
    case 'move-twice':
      moveTwice(world, psd, license);
      break;
    case 'cancel':
      world.say(psd, { type: 'cancel-export', license });
      return;
    case 'withdraw':
      if ((await host.withdraw(name, license)) === 'withdrawn') {
        world.plan([]);
        assert.equal(typeof (await tryLicense(world, psd, license)), 'string', 'its counters would start again');
      }
      return;
    case 'replace':
      await replace(world, psd, license);
      return;
    case 'audit':
      await host.audit(name, license);
      return;
    case 'renew-key':
      await host.renewKey(name, license);
      return;
    case 'restart':
      world.restart(psd);
      return;
    case 'tick':
      world.tick(60_000 * (amount + 1));
      host.tellNews(name);
      return;
    case 'rotate':
      await rotate(world, amount);
      return;
    case 'attack':
      return;
  }
  remember(world, psd, license);
}

/** Another PSD of the same user takes the place of this one under a license. */
async function replace(world: PatentWorld, psd: number, license: number): Promise<void> {
  const successor = [0, 1, 2].find((other) => other !== psd && world.userOf(other) === world.userOf(psd));
  if (successor === undefined) return;
  if ((await world.hostOf(psd).withdraw(world.name(psd), license)) !== 'withdrawn') return;
  const hadIt = world.setOf(successor, license) !== undefined;
  if ((await tryLicense(world, successor, license)) === license && !hadIt) {
    assert.equal(world.setOf(successor, license)?.pieceCount, 0n, 'the successor starts with counters of its own');
  }
}

/** An attacker copies what lies on the disk. */
function remember(world: PatentWorld, psd: number, license: number): void {
  const stored = world.hostOf(psd).store.get(world.name(psd), license, 'registers');
  if (stored !== null) world.texts.push(stored);
}

/** All sets of one user are refilled at once, for more than he has. */
async function refillBoth(world: PatentWorld, psd: number, amountMills: bigint): Promise<void> {
  const together = [0, 1, 2].filter((other) => world.userOf(other) === world.userOf(psd));
  const refills = together.flatMap((other) => {
    return world.sets(other).map(({ license }) => world.hostOf(other).refill(world.name(other), license, amountMills));
  });
  // Where the power of one fails, the others go on.
  const answers = await Promise.allSettled(refills);
  const failed = answers.find((answer) => answer.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** A set that left, came back and left again: the first copy must be worth nothing, nor one that was changed. */
function moveTwice(world: PatentWorld, psd: number, license: number): void {
  const host = world.hostOf(psd);
  const name = world.name(psd);
  if (host.moveOut(name, license) !== 'moved-out') return;
  const exportedSet = host.store.get(name, license, 'registers') ?? '';
  const document = host.store.get(name, license, 'license') ?? '';
  if (host.moveIn(name, license) !== 'moved-in') return;
  expectRefusal(
    world.say(psd, { type: 'import', exportedSet, license: document }),
    ...['not-exported', 'not-countersigned', 'license-not-signed'],
  );
  if (host.moveOut(name, license) !== 'moved-out') return;
  expectRefusal(
    world.say(psd, { type: 'import', exportedSet, license: document }),
    ...['export-stale', 'not-countersigned', 'license-not-signed'],
  );
  const newest = contentsOf(ExportedSet, host.store.get(name, license, 'registers') ?? '');
  if (newest === null) return;
  const altered = seal(ExportedSet, { ...newest, epoch: newest.epoch + 1 }, STRANGER.privateKey);
  expectRefusal(world.say(psd, { type: 'import', exportedSet: altered, license: document }), 'export-altered');
}

/** The set is given out and not yet released: it must not frank meanwhile, nor go because a stranger says so. */
function leave(world: PatentWorld, psd: number, license: number): void {
  const answer = world.say(psd, { type: 'export', license });
  const body = answer.type === 'exported' ? contentsOf(ExportedSet, answer.exportedSet) : null;
  if (body !== null) {
    const forged = seal(ExportedSet, body, STRANGER.privateKey);
    expectRefusal(world.say(psd, { type: 'stored', exportedSet: forged }), 'export-altered');
  }
  if (answer.type !== 'exported') return;
  expectRefusal(world.frank(psd, license, 250n, true), 'not-in-service');
  expectNothingNew(world, psd, license);
  expectRefusal(world.say(psd, { type: 'withdraw', license }), 'not-in-service');
}

async function rotate(world: PatentWorld, amount: number): Promise<void> {
  const { manufacturer, authority, issuer } = world.offices;
  const office = [manufacturer.keys, authority.keys][amount % 3];
  const message = office === undefined ? await issuer.rotate() : office.rotate();
  for (const host of world.hosts) host.hearAnchor(message);
  world.tick(1_000);
  for (let psd = 0; psd < PSDS; psd++) world.hostOf(psd).tellNews(world.name(psd));
}

async function attack(world: PatentWorld, step: Step): Promise<void> {
  const attacks = Object.values(ATTACKS);
  world.hostOf(step.psd).tellNews(world.name(step.psd));
  await attacks[step.attack % attacks.length]?.(world, step);
  world.noteLicenses();
}

/** In the end every set that is on the disk can come back, with all that was in it. */
async function settle(world: PatentWorld): Promise<void> {
  for (let psd = 0; psd < PSDS; psd++) {
    for (let round = 0; round < 8; round++) {
      const away = onDisk(world, psd);
      if (away === null) break;
      const present = world.sets(psd).find(({ state, keyId }) => state === 'live' && keyId > 0);
      if (world.sets(psd).length > 1 && present !== undefined)
        world.hostOf(psd).moveOut(world.name(psd), present.license);
      let answer = world.hostOf(psd).moveIn(world.name(psd), away.license);
      if (answer === 'not-countersigned' || answer === 'license-not-signed') {
        const terms = { holder: world.userOf(psd), town: TOWN.name, depositPostcode: TOWN.postcode };
        assert.equal(await world.hostOf(psd).renewLicense(world.name(psd), away.license, terms), 'renewed');
        answer = world.hostOf(psd).moveIn(world.name(psd), away.license);
      }
      const mayStay = ['memory-full'];
      // A copy may lie there of a set that was back already, and then withdrawn.
      if (world.isWithdrawn(psd, away.license)) mayStay.push('withdrawn-for-good');
      assert.ok(answer === 'moved-in' || mayStay.includes(answer), answer);
      world.check();
    }
  }
}
