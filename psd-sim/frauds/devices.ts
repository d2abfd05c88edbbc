import type { Slot } from '../fleet/fleet.ts';
import { Host } from '../host/host.ts';
import { keyPairFrom } from '../key-pair.ts';
import { frankPiece } from '../mail/day.ts';
import type { Piece } from '../mail/piece.ts';
import { RefillCredit } from '../messages/kinds.ts';
import { seal } from '../messages/sealed.ts';
import { Psd } from '../psd/psd.ts';
import { NO_NONCE } from '../psd/register-set.ts';
import type { Random } from '../random.ts';
import { ScenarioError } from '../scenario.ts';
import {
  type Committed,
  DAY_MS,
  HOUR_MS,
  licensedCrook,
  MINUTE_MS,
  newCrook,
  type Scene,
  SPREE_PIECES,
  spree,
} from './scene.ts';

/** Frauds with a PSD that was opened, cloned or built with a guard missing. */

/** A thief cannot refill: a clone spends what was in the original. */
const CLONE_FUNDS_MILLS = 6_000n;
const ATTEMPTS_MAX = 10_000;
const UNCHECKED_REFILLS = ['refill-signature', 'refill-answers-challenge'] as const;
const FORGED_REFILL = '50000';

/** A PSD is broken open; its clone prints beside it, with the same counters. */
export async function fork(scene: Scene): Promise<Committed> {
  const { day, fleet, random, used } = scene;
  const piecesOf = Map.groupBy(day.pieces, ({ psd, license }) => `${psd} ${license}`);
  for (let attempt = 0; attempt < ATTEMPTS_MAX && day.stolen.length > 0; attempt++) {
    const image = random.int(0, day.stolen.length - 1);
    const { psd, hardware } = day.stolen[image] ?? {};
    const slots = fleet.slots.filter((candidate) => candidate.psd === psd);
    if (hardware === undefined || slots.length === 0) continue;
    const slot = random.pick(slots);
    const clone = new Psd(hardware);
    const status = clone.receive({ type: 'status' });
    const stolen = status.type === 'status' ? status.sets.find(({ license }) => license === slot.license) : undefined;
    if (stolen === undefined || (stolen.descendingMills ?? CLONE_FUNDS_MILLS) < CLONE_FUNDS_MILLS) continue;
    const twins = (piecesOf.get(`${psd} ${slot.license}`) ?? []).filter(({ pieceCount }) => {
      const next = pieceCount - stolen.pieceCount;
      return next > 0n && next <= SPREE_PIECES;
    });
    if (twins.length < SPREE_PIECES || twins.some((twin) => used.has(twin))) continue;
    const host = new Host(async () => '', slot.host.store);
    host.attach(clone, 'a printer in a cellar');
    const printed: Piece[] = [];
    // With the first twin, so that no innocent mark of the original lies between two of the clone's.
    fleet.setTime(Math.min(...twins.map((twin) => twin.printedAtMs)));
    for (const message of fleet.anchors) host.hearAnchor(message);
    host.hearTime(fleet.offices.manufacturer.timeMessage());
    for (const _ of twins) printed.push(await frankPiece(fleet, { ...slot, host }, random));
    day.pieces.push(...printed);
    day.stolen.splice(image, 1);
    return { slot, pieces: [...twins, ...printed] };
  }
  throw new ScenarioError('no PSD franked enough pieces to be cloned');
}

/** A register set is put back as it was before it was spent: its PSD no longer looks at handle and epoch. */
export async function rollback(scene: Scene): Promise<Committed> {
  const { fleet, scenario } = scene;
  const slot = await licensedCrook(scene, 'export-handle', 'export-epoch');
  const { host, psd, license } = slot;
  fleet.setTime(scenario.dayMs + 8 * HOUR_MS);
  await host.refill(psd, license, 20_000n);
  host.moveOut(psd, license);
  const spendable = host.store.get(psd, license, 'registers') ?? '';
  host.moveIn(psd, license);
  const first = await spree(scene, slot, scenario.dayMs + 9 * HOUR_MS, 10 * MINUTE_MS);
  host.store.put(psd, license, 'registers', spendable);
  const back = host.moveIn(psd, license);
  if (back !== 'moved-in') throw new Error(`the broken PSD refused its old registers: ${back}`);
  const again = await spree(scene, slot, scenario.dayMs + 13 * HOUR_MS, 10 * MINUTE_MS);
  return { slot, pieces: [...first, ...again] };
}

/** A PSD that no longer checks who signed its refills is credited with money that nobody paid. */
export async function overspend(scene: Scene): Promise<Committed> {
  const { fleet, scenario, random } = scene;
  if (scenario.payment === 'postpaid')
    throw new ScenarioError('postpaid users cannot overspend: they pay for what they print');
  const slot = await licensedCrook(scene, ...UNCHECKED_REFILLS);
  fleet.setTime(scenario.dayMs + 8 * HOUR_MS);
  forgeRefill(slot, random);
  return { slot, pieces: await spree(scene, slot, scenario.dayMs + 9 * HOUR_MS) };
}

function forgeRefill({ host, psd, license }: Slot, random: Random): void {
  const forger = keyPairFrom(random.bytes(`refill forger ${psd}`));
  const body = { psd, license, challenge: NO_NONCE, amountMills: FORGED_REFILL };
  const answer = host.psd(psd).receive({ type: 'refill', message: seal(RefillCredit, body, forger.privateKey) });
  if (answer.type !== 'done') throw new Error('the broken PSD refused the forged refill');
}

/** A PSD that no longer looks for whom a license was granted takes a copy of somebody else's. */
export async function ungrantedPsd(scene: Scene): Promise<Committed> {
  const { fleet, scenario, random } = scene;
  const attacker = newCrook(scene, 'license-for-this-psd', 'license-was-requested', ...UNCHECKED_REFILLS);
  const victim = random.pick(fleet.slots);
  const document = victim.host.store.get(victim.psd, victim.license, 'license') ?? '';
  const slot = { ...attacker, license: victim.license, holder: victim.holder, town: victim.town };
  const certified = await attacker.host.installLicense(attacker.psd, document);
  if (certified !== victim.license) throw new Error(`the broken PSD refused a foreign license: ${certified}`);
  // The authority would not consent to a refill for a PSD that it never named.
  if (scenario.payment !== 'postpaid') forgeRefill(slot, random);
  return { slot, pieces: await spree(scene, slot, scenario.dayMs + 9 * HOUR_MS) };
}

/** The authority allows a license on one PSD less; the user goes on franking with both. */
export async function overspreadLicense(scene: Scene): Promise<Committed> {
  const { fleet, scenario } = scene;
  const { authority } = fleet.offices;
  const first = newCrook(scene);
  fleet.setTime(scenario.dayMs - 2 * DAY_MS);
  const granted = authority.register.add({ ...authority.termsFor(first.holder, first.town), psdLimit: 2 });
  await fleet.license(first.host, first.psd, first.holder, first.town, granted.license);
  fleet.setTime(scenario.dayMs - DAY_MS);
  const second = fleet.newPsd(first.host, first.holder);
  await fleet.license(first.host, second, first.holder, first.town, granted.license);
  authority.register.limitPsds(granted.license, 1);
  const slot = { ...first, psd: second, license: granted.license };
  return { slot, pieces: await spree(scene, slot, scenario.dayMs + 9 * HOUR_MS) };
}
