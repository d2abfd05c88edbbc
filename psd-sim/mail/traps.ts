import type { Fleet, Slot } from '../fleet/fleet.ts';
import { PowerCut } from '../psd/memory.ts';
import { Psd } from '../psd/psd.ts';
import { RegisterSlot } from '../psd/register-slot.ts';
import type { Random } from '../random.ts';
import type { Scenario } from '../scenario.ts';
import type { OddDay, Piece } from './piece.ts';

const HOUR_MS = 3_600_000;
/** PSDs per honest oddity: one in ten, at least one. */
const SLOTS_PER_TRAP = 10;
/** A PSD breaks more seldom than a register set moves. */
const TRAPS_PER_REPLACEMENT = 10;
/** Pieces after an odd event that are named as touched by it. */
const PIECES_NAMED = 6;

interface Trap {
  readonly odd: OddDay;
  readonly atMs: number;
  readonly spring: () => Promise<Pick<Slot, 'psd' | 'license'>>;
}

interface Watch {
  readonly where: Pick<Slot, 'psd' | 'license'>;
  readonly pieces: Piece[];
}

/** Honest events that a detector could take for fraud, and the pieces franked just after each. */
interface Traps {
  /** Lets happen what is due by then. */
  until(atMs: number): Promise<void>;
  note(piece: Piece): void;
  odd(): ReadonlyMap<OddDay, readonly Piece[][]>;
}

/** Register sets moved to disk and back, keys renewed, a PSD replaced under its license, power cuts, licenses on several PSDs. */
export function prepareTraps({ dayMs }: Scenario, fleet: Fleet, random: Random): Traps {
  const count = Math.max(1, Math.floor(fleet.slots.length / SLOTS_PER_TRAP));
  const chosen = (label: string) => {
    const stream = random.stream(label);
    return Array.from({ length: count }, () => stream.pick(fleet.slots));
  };
  const at = (hour: number) => dayMs + hour * HOUR_MS;
  const due: Trap[] = [
    ...chosen('spoiled').map((slot): Trap => ({ odd: 'spoiled', atMs: at(10), spring: () => spoil(fleet, slot) })),
    ...chosen('moved').map((slot): Trap => ({ odd: 'moved-set', atMs: at(11), spring: () => move(slot) })),
    ...chosen('renewed').map((slot): Trap => ({ odd: 'renewed-key', atMs: at(12), spring: () => renew(slot) })),
    ...chosen('replaced')
      .slice(0, Math.max(1, Math.floor(count / TRAPS_PER_REPLACEMENT)))
      .map((slot): Trap => ({ odd: 'replaced-psd', atMs: at(14), spring: () => replace(fleet, slot) })),
  ];
  const shared = sharedSlots(fleet).slice(0, 2 * count);
  let haveRotated = false;
  const watches = new Map<OddDay, Watch[]>([['shared-license', shared.map((where) => ({ where, pieces: [] }))]]);
  return {
    async until(atMs) {
      if (!haveRotated && atMs >= at(13)) {
        haveRotated = true;
        await rotateKeys(fleet);
      }
      for (let trap = due[0]; trap !== undefined && trap.atMs <= atMs; trap = due[0]) {
        due.shift();
        const where = await trap.spring();
        watches.set(trap.odd, [...(watches.get(trap.odd) ?? []), { where, pieces: [] }]);
      }
    },
    note(piece) {
      for (const { where, pieces } of [...watches.values()].flat()) {
        const isHere = piece.psd === where.psd && piece.license === where.license;
        if (isHere && pieces.length < PIECES_NAMED) pieces.push(piece);
      }
    },
    odd() {
      const named = [...watches].map(([odd, its]) => {
        return [odd, its.map(({ pieces }) => pieces).filter((pieces) => pieces.length > 0)] as const;
      });
      return new Map(named);
    },
  };
}

/** The power fails in the middle of franking: a debit without a mark, and a piece count that nobody will see. */
async function spoil(fleet: Fleet, slot: Slot): Promise<Slot> {
  const { host, psd, license } = slot;
  const hardware = fleet.hardwareOf(psd);
  await host.refill(psd, license, 10_000n);
  host.tellNews(psd);
  const request = { license, postageMills: 730n, rateCategory: 101, destinationPostcode: null };
  // The debit is written whole, and nothing after it.
  hardware.memory.cutPowerAfter(RegisterSlot.debitBytes);
  try {
    host.frank(psd, request);
  } catch (error) {
    if (!(error instanceof PowerCut)) throw error;
  }
  hardware.memory.restorePower();
  host.attach(new Psd(hardware), `printer of ${psd}`);
  return slot;
}

async function move(slot: Slot): Promise<Slot> {
  const { host, psd, license } = slot;
  const out = host.moveOut(psd, license);
  const back = host.moveIn(psd, license);
  if (out !== 'moved-out' || back !== 'moved-in') throw new Error(`${psd} did not move ${license}: ${out}, ${back}`);
  return slot;
}

/** The offices replace their keys at midday; PSDs must follow, and older licenses and certificates stay good. */
async function rotateKeys(fleet: Fleet): Promise<void> {
  const { manufacturer, authority, issuer } = fleet.offices;
  for (const message of [manufacturer.keys.rotate(), authority.keys.rotate(), await issuer.rotate()]) {
    fleet.hearAnchor(message);
  }
}

/** A register set gets a new key pair; marks with the old key are still on their way. */
async function renew(slot: Slot): Promise<Slot> {
  const renewed = await slot.host.renewKey(slot.psd, slot.license);
  if (renewed !== 'renewed') throw new Error(`${slot.psd} did not renew the key of ${slot.license}: ${renewed}`);
  return slot;
}

/** A PSD goes to the repair shop; another takes its place under the same licenses. */
async function replace(fleet: Fleet, slot: Slot): Promise<Pick<Slot, 'psd' | 'license'>> {
  const { host, psd } = slot;
  const successor = fleet.newPsd(host, fleet.userOf(psd));
  for (const [index, old] of fleet.slots.entries()) {
    if (old.psd !== psd) continue;
    const withdrawn = await host.withdraw(psd, old.license);
    if (withdrawn !== 'withdrawn') throw new Error(`${psd} did not withdraw ${old.license}: ${withdrawn}`);
    await fleet.license(host, successor, old.holder, old.town, old.license);
    fleet.slots[index] = { ...old, psd: successor };
  }
  host.detach(psd);
  return { psd: successor, license: slot.license };
}

function sharedSlots(fleet: Fleet): Slot[] {
  const byLicense = Map.groupBy(fleet.slots, (slot) => slot.license);
  return [...byLicense.values()].filter((slots) => slots.length > 1).flat();
}
