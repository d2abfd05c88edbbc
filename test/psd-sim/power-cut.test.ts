import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ALL_GUARDS } from '../../psd-sim/psd/guards.ts';
import { PatentWorld, TOWN } from '../support/patent-world.ts';

/** Within what is written the power is cut every so many bytes, which tears most writings; and at the very end. */
const TORN_EVERY_BYTES = 37;

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

/** Bytes after which to cut. */
async function cutsOf(act: string, run: (typeof ACTS)[string]): Promise<number[]> {
  const { world, license } = await ready(act);
  const before = world.bytesWritten(0);
  await run(world, license);
  const total = world.bytesWritten(0) - before;
  world.close();
  assert.ok(total > 0, `${act} writes nothing`);
  return Array.from(
    { length: Math.floor((total - 8) / TORN_EVERY_BYTES) + 1 },
    (_, index) => index * TORN_EVERY_BYTES,
  ).concat(total);
}

describe('a power cut at any place of what a PSD writes while it', () => {
  for (const [act, run] of Object.entries(ACTS)) {
    it(`${act} leaves the state before or after, and it goes on working`, async () => {
      const cuts = await cutsOf(act, run);
      for (const cutAfterBytes of cuts) {
        const { world, license } = await ready(act);
        try {
          const hasFailed = await world.withPowerCut(0, cutAfterBytes, async () => {
            await run(world, license);
          });
          // Certificates differ by a byte or two in length, so the last cut may come too late.
          assert.ok(hasFailed || cutAfterBytes === cuts.at(-1), `no power cut after ${cutAfterBytes} bytes`);
          world.noteLicenses();
          world.check();
          await finish(world, act, license);
          world.check();
        } finally {
          world.close();
        }
      }
    });
  }
});

/** Whatever was interrupted is asked for again, and succeeds now; the PSD franks, unless it left service. */
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
