import type { PostalAuthority } from './authority.ts';
import { keyPairFrom } from './key-pair.ts';
import { Psd } from './psd.ts';
import type { Random } from './random.ts';
import { newRegisterSet } from './register-set.ts';
import type { Scenario } from './scenario.ts';
import { HOLDERS, TOWNS, type Town } from './towns.ts';

/** One license on one PSD: where a user can frank. */
export interface Slot {
  readonly psd: Psd;
  readonly license: number;
  readonly holder: string;
  readonly town: Town;
}

export interface Fleet {
  readonly psds: readonly Psd[];
  readonly slots: readonly Slot[];
}

const DAYS_30_MS = 30 * 24 * 3_600_000;

/**
 * Licenses over PSDs as WO 99/48053 allows: each PSD works for one license first; where there are more PSDs than
 * licenses, a license is on several of them (claim 6); every third PSD carries a second license (Fig. 3).
 */
export function buildFleet(scenario: Scenario, authority: PostalAuthority, random: Random): Fleet {
  const psds = Array.from({ length: scenario.psds }, (_, index) => {
    return new Psd({ manufacturer: '06', model: index % 2 === 0 ? '2S' : '1V', serial: 5_520_023 + index * 7 });
  });
  const pairs = plannedPairs(scenario.psds, scenario.licenses);
  const licenses = Array.from({ length: scenario.licenses }, (_, index) => {
    const town = TOWNS[index % TOWNS.length] ?? random.pick(TOWNS);
    const holder = HOLDERS[index % HOLDERS.length] ?? 'Holder';
    const suffix = index < HOLDERS.length ? '' : ` ${Math.floor(index / HOLDERS.length) + 1}`;
    const psdLimit = pairs.filter((pair) => pair.license === index).length;
    const grant = authority.grantLicense({
      holder: `${holder}${suffix}`,
      town: town.name,
      depositPostcode: town.postcode,
      psdLimit,
    });
    return { ...grant, town };
  });
  const slots: Slot[] = [];
  for (const { psd: psdIndex, license: licenseIndex } of pairs) {
    const psd = psds[psdIndex];
    const license = licenses[licenseIndex];
    if (psd === undefined || license === undefined) throw new RangeError('a pair outside the fleet');
    const slot = { psd, license: license.license, holder: license.holder, town: license.town };
    putOn(slot, authority, random);
    authority.putOnPsd(slot.license, psd.name, scenario.dayMs - DAYS_30_MS);
    slots.push(slot);
  }
  for (const psd of psds) {
    const holders = slots.filter((slot) => slot.psd === psd).map((slot) => slot.holder);
    authority.registerPsd(psd.name, holders.join(', ') || 'spare');
  }
  return { psds, slots };
}

/** Creates the register set and has its key certified; returns the key id. Granting the license to the PSD is the authority's own act. */
export function putOn(slot: Slot, authority: PostalAuthority, random: Random): number {
  const keys = keyPairFrom(random.bytes(`key ${slot.psd.name} ${slot.license}`));
  const keyId = authority.certify(slot.psd.name, slot.license, keys);
  slot.psd.install(newRegisterSet(slot.license, 'prepaid'), keyId, keys);
  return keyId;
}

function plannedPairs(psds: number, licenses: number): { psd: number; license: number }[] {
  const pairs: { psd: number; license: number }[] = [];
  const add = (psd: number, license: number) => {
    if (!pairs.some((pair) => pair.psd === psd && pair.license === license)) pairs.push({ psd, license });
  };
  for (let psd = 0; psd < psds; psd++) add(psd, psd % licenses);
  for (let license = psds; license < licenses; license++) add(license % psds, license);
  for (let psd = 0; psd < psds; psd += 3) add(psd, (psd + 1) % licenses);
  return pairs;
}
