import assert from 'node:assert/strict';
import { keyPairFrom } from '../../psd-sim/key-pair.ts';
import {
  CountersignedLicense,
  ExportedSet,
  LicenseDocument,
  LicenseRequest,
  NewAnchor,
  RefillCredit,
  RefillRefusal,
  SignedTime,
  WithdrawalReceipt,
} from '../../psd-sim/messages/kinds.ts';
import { contentsOf, digestOf, seal, typeOf } from '../../psd-sim/messages/sealed.ts';
import { CertificateIssuer } from '../../psd-sim/offices/certificate-issuer.ts';
import type { PsdAnswer, SetStatus } from '../../psd-sim/psd/psd.ts';
import { REGISTER_MILLS_MAX } from '../../psd-sim/psd/register-set.ts';
import { Random } from '../../psd-sim/random.ts';
import { HOLDERS, type PatentWorld, PSDS, TOWN } from './patent-world.ts';

const WISH = { type: 'request-license', town: TOWN.name, depositPostcode: TOWN.postcode } as const;
const OLD_ANCHOR = { role: 'authority' as const, number: 1, spki: 'AAAA', keepsEarlier: true };
export const STRANGER = keyPairFrom(new Random('stranger').bytes('key'));
const stranger = CertificateIssuer.create((number) => new Random('stranger CA').bytes(String(number)), 0);

/** Which PSD is attacked, and a number to choose by. */
interface Aim {
  readonly psd: number;
  readonly amount: number;
}

export function expectRefusal(answer: PsdAnswer, ...reasons: readonly string[]): void {
  assert.ok(answer.type === 'refused', `not refused, but ${answer.type}`);
  assert.ok(reasons.includes(answer.reason), `refused as ${answer.reason} and not as ${reasons.join(' or ')}`);
}

/** What a set that is on its way, or out of service, must refuse: it has been given out, or accounted for, as it is. */
export function expectNothingNew(world: PatentWorld, psd: number, license: number): void {
  const certificate = world.hostOf(psd).store.get(world.name(psd), license, 'certificate') ?? '';
  expectRefusal(world.say(psd, { type: 'ask-refill', license, amountMills: 500n }), 'not-in-service');
  expectRefusal(world.say(psd, { type: 'renew-key', license }), 'not-in-service');
  expectRefusal(world.say(psd, { type: 'install-certificate', license, certificate }), 'not-in-service');
}

/** Each is what an attacker on the links and the host's disk can try, and what the PSD must say to it. */
export const ATTACKS: Record<string, (world: PatentWorld, aim: Aim) => void | Promise<void>> = {
  'an old time': (world, { psd }) => {
    const old = world.texts.find((text) => typeOf(text) === SignedTime.type) ?? '';
    world.tick(60_000);
    world.hostOf(psd).tellNews(world.name(psd));
    expectRefusal(world.say(psd, { type: 'time', message: old }), 'time-not-forward', 'bad-signature');
  },
  'a forged time': (world, { psd }) => {
    const message = seal(SignedTime, { timeMs: world.offices.nowMs + 1 }, STRANGER.privateKey);
    expectRefusal(world.say(psd, { type: 'time', message }), 'bad-signature');
  },
  'a forged key of an office': (world, { psd, amount }) => {
    const role = (['manufacturer', 'authority', 'certifier'] as const)[amount % 3] ?? 'certifier';
    const body = { role, number: 900, spki: STRANGER.spki.toString('base64'), keepsEarlier: true };
    const message = seal(NewAnchor, body, STRANGER.privateKey);
    expectRefusal(world.say(psd, { type: 'new-anchor', message }), 'bad-signature');
  },
  'postage of nothing': (world, { psd }) => {
    const [set] = world.sets(psd);
    if (set?.state !== 'live' || set.keyId === 0) return;
    expectRefusal(world.frank(psd, set.license, 0n, true), 'postage-not-positive');
  },
  'a license that answers another request': async (world, { psd }) => {
    const wish = {
      type: 'request-license',
      holder: world.userOf(psd),
      town: TOWN.name,
      depositPostcode: TOWN.postcode,
    } as const;
    const first = world.say(psd, { ...wish, existingLicense: null });
    assert.ok(first.type === 'requested');
    const document = await world.offices.manufacturer.receive(first.request);
    if (contentsOf(CountersignedLicense, document) === null) return;
    world.say(psd, { ...wish, existingLicense: null });
    expectRefusal(
      world.say(psd, { type: 'install-license', license: document }),
      ...['not-requested', 'not-countersigned', 'license-not-signed'],
    );
  },
  'a license for another PSD': (world, { psd }) => {
    const other = (psd + 1) % PSDS;
    const license = world.licenses.find((number) => world.setOf(psd, number) === undefined);
    const document = world.hostOf(other).store.get(world.name(other), license ?? 0, 'license');
    if (document === null) return;
    expectRefusal(
      world.say(psd, { type: 'install-license', license: document }),
      ...['other-psd', 'not-countersigned', 'license-not-signed'],
    );
  },
  'a license that is there already': (world, { psd }) => {
    for (const { license, keyId } of world.sets(psd)) {
      const document = world.hostOf(psd).store.get(world.name(psd), license, 'license');
      if (document === null || keyId === 0) continue;
      expectRefusal(
        world.say(psd, { type: 'install-license', license: document }),
        ...['already-installed', 'not-countersigned', 'license-not-signed'],
      );
    }
  },
  'a license that only the manufacturer signed': (world, { psd }) => {
    const forged = seal(LicenseDocument, licenseBody(world, psd), STRANGER.privateKey);
    const document = world.offices.manufacturer.keys.seal(CountersignedLicense, { license: forged });
    expectRefusal(world.say(psd, { type: 'install-license', license: document }), 'license-not-signed');
  },
  'a license that only the authority signed': (world, { psd }) => {
    const license = world.offices.authority.keys.seal(LicenseDocument, licenseBody(world, psd));
    const document = seal(CountersignedLicense, { license }, STRANGER.privateKey);
    expectRefusal(world.say(psd, { type: 'install-license', license: document }), 'not-countersigned');
  },
  'a license of a withdrawn set, by both offices': async (world, { psd }) => {
    const [set] = world.sets(psd);
    if (set !== undefined) await world.hostOf(psd).withdraw(world.name(psd), set.license);
    const gone = world.licenses.find((license) => world.isWithdrawn(psd, license) && !world.setOf(psd, license));
    if (gone === undefined) return;
    const license = world.offices.authority.keys.seal(LicenseDocument, licenseBody(world, psd, gone));
    const document = world.offices.manufacturer.keys.seal(CountersignedLicense, { license });
    expectRefusal(world.say(psd, { type: 'install-license', license: document }), 'withdrawn-for-good');
  },
  'a receipt by a stranger, and one for a set in service': (world, { psd }) => {
    for (const { license, state } of world.sets(psd)) {
      const body = { psd: world.name(psd), license, returnedMills: '0' };
      const forged = seal(WithdrawalReceipt, body, STRANGER.privateKey);
      expectRefusal(world.say(psd, { type: 'withdrawal-receipt', message: forged }), 'bad-signature');
      const genuine = world.offices.manufacturer.keys.seal(WithdrawalReceipt, body);
      if (state === 'withdrawn') continue;
      expectRefusal(world.say(psd, { type: 'withdrawal-receipt', message: genuine }), 'in-service');
    }
  },
  'a receipt for another PSD': (world, { psd }) => {
    for (const { license, state } of world.sets(psd)) {
      if (state !== 'withdrawn' && world.say(psd, { type: 'withdraw', license }).type !== 'stated') continue;
      const body = { psd: world.name((psd + 1) % PSDS), license, returnedMills: '0' };
      const message = world.offices.manufacturer.keys.seal(WithdrawalReceipt, body);
      expectRefusal(world.say(psd, { type: 'withdrawal-receipt', message }), 'other-psd');
    }
  },
  'a set that left service, put back': (world, { psd }) => {
    const set = world.sets(psd).find(({ state, askedMills }) => state === 'live' && askedMills === 0n);
    if (set === undefined || world.sets(psd).length < 2) return;
    const { license } = set;
    if (world.say(psd, { type: 'withdraw', license }).type !== 'stated') return;
    expectRefusal(world.frank(psd, license, 250n, true), 'not-in-service');
    expectNothingNew(world, psd, license);
    expectRefusal(world.say(psd, { type: 'export', license }), 'not-in-service', 'not-certified');
    expectRefusal(world.say(psd, { type: 'cancel-export', license }), 'not-exported');
  },
  'a withdrawal while a refill is on its way': (world, { psd }) => {
    const set = world.sets(psd).find(({ state, descendingMills }) => state === 'live' && descendingMills !== null);
    if (set === undefined) return;
    const { license } = set;
    const asked = world.say(psd, { type: 'ask-refill', license, amountMills: 500n });
    if (asked.type === 'stated') expectRefusal(world.say(psd, { type: 'withdraw', license }), 'refill-under-way');
  },
  'a refill of nothing, or of more than a register holds': (world, { psd }) => {
    const isReady = ({ state, askedMills, descendingMills }: SetStatus) => {
      return state === 'live' && askedMills === 0n && descendingMills !== null;
    };
    const set = world.sets(psd).find(isReady);
    if (set === undefined) return;
    for (const amountMills of [0n, REGISTER_MILLS_MAX]) {
      const asked = world.say(psd, { type: 'ask-refill', license: set.license, amountMills });
      const fits = amountMills > 0n && (set.descendingMills ?? 0n) === 0n;
      if (!fits) expectRefusal(asked, 'credit-does-not-fit');
    }
  },
  'an answer to another question': async (world, { psd }) => {
    const set = world.sets(psd).find(({ state, descendingMills }) => state === 'live' && descendingMills !== null);
    if (set === undefined) return;
    const { license } = set;
    const asked = world.say(psd, { type: 'ask-refill', license, amountMills: 500n });
    if (asked.type !== 'stated') return;
    const body = { psd: world.name(psd), license, challenge: '9'.repeat(32) };
    for (const message of [
      world.offices.manufacturer.keys.seal(RefillCredit, { ...body, amountMills: '500' }),
      world.offices.manufacturer.keys.seal(RefillRefusal, body),
    ]) {
      expectRefusal(world.say(psd, { type: 'refill', message }), 'other-challenge');
    }
  },
  'an older export, shown as what was stored': (world, { psd }) => {
    const set = world.sets(psd).find(({ state, keyId }) => state === 'live' && keyId > 0);
    if (set === undefined) return;
    const { license } = set;
    const first = world.say(psd, { type: 'export', license });
    if (first.type !== 'exported') return;
    world.say(psd, { type: 'cancel-export', license });
    if (world.say(psd, { type: 'export', license }).type !== 'exported') return;
    expectRefusal(world.say(psd, { type: 'stored', exportedSet: first.exportedSet }), 'export-stale');
    world.say(psd, { type: 'cancel-export', license });
  },
  'a register set with the license of another': (world, { psd }) => {
    const { exportedSet, license } = movedOut(world, psd) ?? {};
    if (exportedSet === undefined || license === undefined) return;
    for (const [other, name] of world.names.entries()) {
      for (const number of world.licenses) {
        const document = world.hostOf(other).store.get(name, number, 'license');
        if (document === null || (other === psd && number === license)) continue;
        expectRefusal(
          world.say(psd, { type: 'import', exportedSet, license: document }),
          ...['license-of-other-set', 'not-countersigned', 'license-not-signed', 'export-altered'],
        );
      }
    }
  },
  'a new key that an older one vouches for': (world, { psd }) => {
    const { keys } = world.offices.authority;
    const old = keys.current;
    const news = keys.rotate();
    for (const host of world.hosts) host.hearAnchor(news);
    world.hostOf(psd).tellNews(world.name(psd));
    const { number } = keys.anchor;
    const body = { role: 'authority', number: number + 1, spki: STRANGER.spki.toString('base64') } as const;
    const message = seal(NewAnchor, { ...body, keepsEarlier: true }, old.privateKey);
    expectRefusal(world.say(psd, { type: 'new-anchor', message }), 'bad-signature');
  },
  'a license that a stolen key signed': (world, { psd }) => {
    const { manufacturer, authority } = world.offices;
    const stolen = authority.keys.current;
    const body = licenseBody(world, psd);
    const message = authority.keys.rotate({ vouchedFor: manufacturer.keys.current });
    for (const host of world.hosts) host.hearAnchor(message);
    for (let other = 0; other < PSDS; other++) world.hostOf(other).tellNews(world.name(other));
    const license = seal(LicenseDocument, body, stolen.privateKey);
    const document = manufacturer.keys.seal(CountersignedLicense, { license });
    expectRefusal(world.say(psd, { type: 'install-license', license: document }), 'license-not-signed');
  },
  'an old key of an office': (world, { psd }) => {
    const message = world.offices.authority.keys.rotate();
    for (const host of world.hosts) host.hearAnchor(message);
    world.hostOf(psd).tellNews(world.name(psd));
    const again = world.offices.manufacturer.keys.seal(NewAnchor, contentsOf(NewAnchor, message) ?? OLD_ANCHOR);
    expectRefusal(world.say(psd, { type: 'new-anchor', message: again }), 'anchor-not-newer');
  },
  'a mark without a certificate': async (world, { psd }) => {
    if (world.sets(psd).length > 1) return;
    const asked = world.say(psd, { ...WISH, holder: world.userOf(psd), existingLicense: null });
    assert.ok(asked.type === 'requested');
    const document = await world.offices.manufacturer.receive(asked.request);
    const installed = world.say(psd, { type: 'install-license', license: document });
    if (installed.type !== 'installed') return;
    world.noteLicenses();
    world.hostOf(psd).store.put(world.name(psd), installed.license, 'license', document);
    expectRefusal(world.frank(psd, installed.license, 250n, true), 'not-certified');
  },
  'a certificate by a stranger': async (world, { psd }) => {
    const set = world.sets(psd).find(({ state }) => state === 'live');
    const stored = world.hostOf(psd).store.get(world.name(psd), set?.license ?? 0, 'certificate');
    if (set === undefined || stored === null) return;
    const key = world.offices.certifier.keys.find(({ keyId }) => keyId === set.keyId);
    const spki = Buffer.from(key?.spki ?? '', 'base64');
    if (key === undefined) return;
    const now = world.offices.nowMs;
    const der = await (await stranger).issue('stranger', 77, spki, now, now + 1_000_000);
    expectRefusal(
      world.say(psd, { type: 'install-certificate', license: set.license, certificate: der.toString('base64') }),
      'certificate-not-signed',
    );
  },
  'the certificate of another key': (world, { psd }) => {
    const other = (psd + 1) % PSDS;
    const set = world.sets(psd).find(({ state }) => state === 'live');
    const [foreign] = world.sets(other);
    const certificate = world.hostOf(other).store.get(world.name(other), foreign?.license ?? 0, 'certificate');
    if (set === undefined || certificate === null) return;
    expectRefusal(
      world.say(psd, { type: 'install-certificate', license: set.license, certificate }),
      ...['certificate-of-other-key', 'certificate-not-signed'],
    );
  },
  'a forged refill': (world, { psd }) => {
    const [set] = world.sets(psd);
    if (set === undefined) return;
    const body = { psd: world.name(psd), license: set.license, challenge: '0'.repeat(32), amountMills: '1000' };
    const message = seal(RefillCredit, body, STRANGER.privateKey);
    expectRefusal(world.say(psd, { type: 'refill', message }), 'bad-signature');
  },
  'refills of other times and PSDs': (world, { psd }) => {
    for (const message of world.texts.filter((text) => typeOf(text) === RefillCredit.type).slice(-6)) {
      const credit = contentsOf(RefillCredit, message);
      const own = credit?.psd === world.name(psd) ? world.setOf(psd, credit.license) : undefined;
      // Its own open question may be answered late: that is not an attack.
      if (credit === null || (own?.askedMills ?? 0n) > 0n) continue;
      const expected =
        credit.psd === world.name(psd) ? ['no-refill-asked', 'no-such-license', 'not-in-service'] : ['other-psd'];
      expectRefusal(world.say(psd, { type: 'refill', message }), ...expected, 'bad-signature', 'malformed');
    }
  },
  'register sets of other times': (world, { psd }) => {
    for (const exportedSet of exportsOf(world, psd).slice(-4)) {
      const body = contentsOf(ExportedSet, exportedSet);
      const license = body?.license ?? 0;
      const document = world.hostOf(psd).store.get(world.name(psd), license, 'license');
      const stored = world.hostOf(psd).store.get(world.name(psd), license, 'registers');
      const newest = contentsOf(ExportedSet, stored ?? '');
      // What lies on the disk now is the one that may come back, also if it was given out, and signed, twice.
      if (document === null || body?.epoch === newest?.epoch) continue;
      const isOlder = newest !== null && world.setOf(psd, license) === undefined && (body?.epoch ?? 0) < newest.epoch;
      expectRefusal(
        world.say(psd, { type: 'import', exportedSet, license: document }),
        ...(isOlder ? ['export-stale'] : ['not-exported', 'export-stale']),
        ...['withdrawn-for-good', 'not-countersigned', 'license-not-signed', 'export-altered'],
      );
    }
  },
  'a register set of another PSD': (world, { psd }) => {
    const other = (psd + 1) % PSDS;
    const { exportedSet, license = 0 } = movedOut(world, other) ?? {};
    const document = world.hostOf(psd).store.get(world.name(psd), license, 'license');
    if (exportedSet === undefined) return;
    expectRefusal(world.say(psd, { type: 'import', exportedSet, license: document ?? '' }), 'other-psd');
  },
  'a register set with an unsigned license': (world, { psd }) => {
    const { exportedSet, license } = movedOut(world, psd) ?? {};
    if (exportedSet === undefined || license === undefined) return;
    const inner = seal(LicenseDocument, licenseBody(world, psd, license), STRANGER.privateKey);
    const document = seal(CountersignedLicense, { license: inner }, STRANGER.privateKey);
    expectRefusal(world.say(psd, { type: 'import', exportedSet, license: document }), 'not-countersigned');
  },
};

/** A license that would answer what the PSD is asking for just now: a listener knows the digest. */
function licenseBody(world: PatentWorld, psd: number, license = 999_999) {
  const { nowMs } = world.offices;
  const wish = { holder: world.userOf(psd), town: TOWN.name, depositPostcode: TOWN.postcode, existingLicense: null };
  const asked = world.say(psd, { type: 'request-license', ...wish });
  const request = asked.type === 'requested' ? contentsOf(LicenseRequest, asked.request) : null;
  return {
    license,
    psd: world.name(psd),
    requestDigest: digestOf(JSON.stringify(request)),
    holder: HOLDERS[0],
    town: TOWN.name,
    depositPostcode: TOWN.postcode,
    payment: 'prepaid' as const,
    validFromMs: nowMs,
    validToMs: nowMs + 1,
  };
}

/** Register sets that a PSD ever gave out, in the order of time. */
function exportsOf(world: PatentWorld, psd: number): string[] {
  const texts = world.texts.flatMap((text) => {
    const answer: unknown = text.startsWith('{"type":"exported"') ? JSON.parse(text) : null;
    const given = typeof answer === 'object' && answer !== null && 'exportedSet' in answer ? answer.exportedSet : text;
    return typeof given === 'string' ? [given] : [];
  });
  return texts.filter((text) => contentsOf(ExportedSet, text)?.psd === world.name(psd));
}

/** A register set that is on the disk; one is moved there if need be. */
function movedOut(world: PatentWorld, psd: number) {
  const away = onDisk(world, psd);
  const present = world.sets(psd).find(({ state, keyId }) => state === 'live' && keyId > 0);
  if (away !== null || present === undefined) return away;
  world.hostOf(psd).moveOut(world.name(psd), present.license);
  return onDisk(world, psd);
}

/** A register set that is away and may come back. */
export function onDisk(world: PatentWorld, psd: number) {
  for (const license of world.licenses) {
    const { store } = world.hostOf(psd);
    const exportedSet = store.get(world.name(psd), license, 'registers');
    const document = store.get(world.name(psd), license, 'license');
    const isAway = world.setOf(psd, license) === undefined;
    if (exportedSet !== null && document !== null && isAway) return { exportedSet, document, license };
  }
  return null;
}
