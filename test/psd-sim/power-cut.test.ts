import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ALL_GUARDS } from '../../psd-sim/psd/guards.ts';
import { PatentWorld, TOWN } from '../support/patent-world.ts';

const ACTS: Record<string, (world: PatentWorld, license: number) => Promise<unknown>> = {
  'takes the time': async (world) => {
    world.tick(60_000);
    world.hostOf(0).tellNews(world.name(0));
  },
  'obtains a license': (world) => obtain(world),
  franks: async (world, license) => world.frank(0, license, 250n, true),
  'is refilled': (world, license) => world.hostOf(0).refill(world.name(0), license, 500n),
  'gives out a register set': async (world, license) => world.hostOf(0).moveOut(world.name(0), license),
  'takes a register set back': async (world, license) => world.hostOf(0).moveIn(world.name(0), license),
  'renews a key': (world, license) => world.hostOf(0).renewKey(world.name(0), license),
  'calls a move off': async (world, license) => {
    world.say(0, { type: 'export', license });
    return world.hostOf(0).cancelMove(world.name(0), license);
  },
  'hears a new key': async (world) => {
    world.hostOf(0).hearAnchor(world.offices.authority.keys.rotate());
    world.hostOf(0).tellNews(world.name(0));
  },
  'leaves service': (world, license) => world.hostOf(0).withdraw(world.name(0), license),
};

/** Those of which something may be left to finish when the power comes back. */
const RECOVERS = new Set([
  'obtains a license',
  'franks',
  'gives out a register set',
  'takes a register set back',
  'leaves service',
]);

async function obtain(world: PatentWorld): Promise<number> {
  const wish = { holder: world.userOf(0), town: TOWN.name, depositPostcode: TOWN.postcode, existingLicense: null };
  const license = await world.hostOf(0).obtainLicense(world.name(0), wish);
  assert.ok(typeof license === 'number', String(license));
  world.licenses.push(license);
  return license;
}

/** A PSD with one funded register set, moved out where the act is to take it back. */
async function ready(act: string): Promise<{ world: PatentWorld; license: number }> {
  const world = await PatentWorld.open(ALL_GUARDS);
  const license = await obtain(world);
  await world.hostOf(0).refill(world.name(0), license, 2_000n);
  world.frank(0, license, 250n, true);
  if (act === 'takes a register set back') world.hostOf(0).moveOut(world.name(0), license);
  world.check();
  return { world, license };
}

type Torn = (length: number) => readonly number[];
/** Each writing is not begun, torn in its first, middle or last byte, or whole. */
const EVERYWHERE: Torn = (length) => [0, 1, Math.floor(length / 2), length - 1, length];
/** Each writing is not begun or torn; when it is whole, the next is not begun. */
const ONCE: Torn = (length) => [0, Math.floor(length / 2)];

/** Bytes after which to cut. */
function placesIn(writes: readonly number[], torn: Torn): number[] {
  const places = new Set<number>();
  let before = 0;
  for (const length of writes) {
    for (const within of torn(length)) places.add(before + within);
    before += length;
  }
  return [...places.add(before)];
}

async function writesOf(act: string, run: (typeof ACTS)[string]): Promise<number[]> {
  const { world, license } = await ready(act);
  const writes = await world.writesOf(0, () => run(world, license));
  world.close();
  assert.ok(writes.length > 0, `${act} writes nothing`);
  return writes;
}

/** Writings of the recovery after a power cut at that place. */
async function recoveryOf(act: string, run: (typeof ACTS)[string], cutAfterBytes: number): Promise<number[]> {
  const { world, license } = await ready(act);
  const failing = async () => {
    await run(world, license);
  };
  await world.withPowerCut(0, cutAfterBytes, failing, null, false);
  const writes = await world.writesOf(0, async () => world.restart(0));
  world.close();
  return writes;
}

async function cutAndGoOn(
  act: string,
  run: (typeof ACTS)[string],
  cutAfterBytes: number,
  bytesOfRecovery: number | null,
): Promise<void> {
  const { world, license } = await ready(act);
  try {
    const failing = async () => {
      await run(world, license);
    };
    assert.ok(await world.withPowerCut(0, cutAfterBytes, failing, bytesOfRecovery), `no power cut at ${cutAfterBytes}`);
    world.noteLicenses();
    world.check();
    await finish(world, act, license);
    world.check();
    world.checkDisk();
  } finally {
    world.close();
  }
}

describe('a power cut at every writing, and within it, while a PSD', () => {
  for (const [act, run] of Object.entries(ACTS)) {
    it(`${act} leaves the state before or after, and it goes on working`, async () => {
      for (const place of placesIn(await writesOf(act, run), EVERYWHERE)) await cutAndGoOn(act, run, place, null);
    });
  }
});

describe('a second power cut at every writing, and within it, while a PSD recovers from one as it', () => {
  for (const [act, run] of Object.entries(ACTS)) {
    it(`${act} changes nothing of that`, async () => {
      let recoveries = 0;
      for (const place of placesIn(await writesOf(act, run), ONCE)) {
        const recovery = await recoveryOf(act, run, place);
        for (const again of recovery.length === 0 ? [] : placesIn(recovery, ONCE)) {
          await cutAndGoOn(act, run, place, again);
          recoveries += 1;
        }
      }
      assert.equal(recoveries > 0, RECOVERS.has(act), `${recoveries} recoveries write`);
    });
  }
});

/** What was interrupted is asked for again, and succeeds now; the PSD franks, unless it left service. */
async function finish(world: PatentWorld, act: string, license: number): Promise<void> {
  const host = world.hostOf(0);
  const name = world.name(0);
  if (act === 'leaves service') {
    if (world.setOf(0, license) !== undefined) assert.equal(await host.withdraw(name, license), 'withdrawn');
    return;
  }
  if (act === 'is refilled') assert.equal(await host.refill(name, license, 500n), 'refilled');
  const isStored = host.store.get(name, license, 'registers') !== null;
  if (world.setOf(0, license)?.state === 'leaving') {
    assert.equal(world.say(0, { type: 'cancel-export', license }).type, 'done');
  } else if (isStored && world.setOf(0, license) === undefined) assert.equal(host.moveIn(name, license), 'moved-in');
  const answer = world.frank(0, license, 250n, true);
  assert.equal(
    answer.type,
    'franked',
    JSON.stringify(answer, (_, value) => String(value)),
  );
}
