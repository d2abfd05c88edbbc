import type { TestContext } from 'node:test';
import { Host } from '../../psd-sim/host/host.ts';
import { NonsecureStore } from '../../psd-sim/host/nonsecure-store.ts';
import type { Link } from '../../psd-sim/offices/office.ts';
import { Offices, type Wire } from '../../psd-sim/offices/offices.ts';
import { Psd } from '../../psd-sim/psd/psd.ts';
import { Random } from '../../psd-sim/random.ts';
import { temporaryFolder } from './temporary.ts';

export const USER = 'Naugatuck Paper';
export const TOWN = { name: 'Shelton', postcode: '06484' };
export const OPENS_MS = Date.UTC(2026, 10, 20, 9);

interface SmallPostPlan {
  readonly payment?: 'prepaid' | 'postpaid';
  readonly psdLimit?: number;
  readonly registerSets?: number;
  readonly wire?: Wire;
  /** Between host and manufacturer. */
  readonly link?: (link: Link) => Link;
}

/** Offices, and hosts with PSDs as a test needs them. */
export async function smallPost(test: TestContext, plan: SmallPostPlan) {
  const folder = await temporaryFolder(test);
  const { payment = 'prepaid', psdLimit = 2, registerSets = 3, wire, link = (direct) => direct } = plan;
  const offices = await Offices.open(new Random('small post'), {
    nowMs: OPENS_MS,
    rules: { payment, validFromMs: OPENS_MS - 8.64e7, validToMs: OPENS_MS + 8.64e9, psdLimitOf: () => psdLimit },
    ...(wire && { wire }),
  });
  offices.manufacturer.deposit(USER, 1_000_000n);
  const store = new NonsecureStore(folder);
  let serial = 0;
  const newHost = () => {
    const host = new Host(
      link((message) => offices.manufacturer.receive(message)),
      store,
    );
    host.hearTime(offices.manufacturer.timeMessage());
    return host;
  };
  return {
    offices,
    store,
    newHost,
    newPsd(host = newHost(), printer = `printer ${serial}`) {
      serial += 1;
      const { hardware } = offices.makePsd({ manufacturer: '06', model: '2S', serial }, registerSets, USER);
      const psd = new Psd(hardware);
      host.attach(psd, printer);
      return { host, psd: psd.name, hardware };
    },
    async license(host: Host, psd: string, existingLicense: number | null = null, holder = USER): Promise<number> {
      const wish = { holder, town: TOWN.name, depositPostcode: TOWN.postcode, existingLicense };
      const license = await host.obtainLicense(psd, wish);
      if (typeof license === 'string') throw new Error(license);
      return license;
    },
  };
}
