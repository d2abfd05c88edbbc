import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { keyPairFrom } from '../../psd-sim/key-pair.ts';
import { ExportedSet, RefillRefusal, WithdrawalReceipt } from '../../psd-sim/messages/kinds.ts';
import { contentsOf, seal } from '../../psd-sim/messages/sealed.ts';
import { certificateIn } from '../../psd-sim/offices/certificate-authority.ts';
import { OFFICE_REFUSALS } from '../../psd-sim/offices/office.ts';
import { PSD_REFUSALS } from '../../psd-sim/psd/guards.ts';
import type { Hardware, PsdAnswer, PsdMessage } from '../../psd-sim/psd/psd.ts';
import { WITHDRAWN_MAX } from '../../psd-sim/psd/secure-state.ts';
import { Random } from '../../psd-sim/random.ts';
import { smallPost, TOWN, USER } from '../support/small-post.ts';

const WISH = { holder: USER, town: TOWN.name, depositPostcode: TOWN.postcode, existingLicense: null };
const PIECE = { postageMills: 730n, rateCategory: 101, destinationPostcode: '06443' };

function reasonOf(answer: PsdAnswer): string {
  return answer.type === 'refused' ? answer.reason : answer.type;
}

async function oneSet(test: TestContext) {
  const post = await smallPost(test, {});
  const { host, psd, hardware } = post.newPsd();
  const license = await post.license(host, psd);
  await host.refill(psd, license, 5_000n);
  const say = (message: PsdMessage) => host.psd(psd).receive(message);
  return { post, host, psd, hardware, license, say };
}

/** A PSD with a license whose key is not certified yet. */
async function uncertified(test: TestContext) {
  const post = await smallPost(test, {});
  const { host, psd } = post.newPsd();
  const say = (message: PsdMessage) => host.psd(psd).receive(message);
  host.tellNews(psd);
  const asked = say({ type: 'request-license', ...WISH });
  assert.ok(asked.type === 'requested');
  const document = await post.offices.manufacturer.receive(asked.request);
  const installed = say({ type: 'install-license', license: document });
  assert.ok(installed.type === 'installed');
  return { post, say, license: installed.license, request: installed.certificateRequest };
}

/** What stands in the memory of a PSD under that name. */
function secretsIn({ memory }: Hardware, name: string): string[] {
  const pattern = new RegExp(`"${name}":"([A-Za-z0-9+/]{43}=)"`, 'g');
  return [...memory.image().toString('latin1').matchAll(pattern)].map(([, seed = '']) => seed);
}

describe('a PSD refuses', () => {
  it('a mark that no layout holds, and debits nothing for it', async (test) => {
    const { say, license, host, psd } = await oneSet(test);
    const wrong = [
      { destinationPostcode: 'sw1a 1aa' },
      { destinationPostcode: '0123456789012' },
      { destinationPostcode: '' },
      { rateCategory: 65_536 },
    ];
    for (const change of wrong) {
      assert.equal(reasonOf(say({ type: 'frank', license, ...PIECE, ...change })), 'cannot-encode');
    }
    const [set] = host.sets(psd);
    assert.deepEqual([set?.pieceCount, set?.ascendingMills, set?.descendingMills], [0n, 0n, 5_000n]);
    assert.equal(reasonOf(say({ type: 'frank', license, ...PIECE })), 'franked');
  });

  it('everything about a license that it does not have', async (test) => {
    const { say, post, psd } = await oneSet(test);
    const license = 9;
    const receipt = { psd, license, returnedMills: '0' };
    const messages: PsdMessage[] = [
      { type: 'frank', license, ...PIECE },
      { type: 'printed', license, pieceCount: 1n },
      { type: 'ask-refill', license, amountMills: 5n },
      { type: 'audit', license },
      { type: 'withdraw', license },
      { type: 'export', license },
      { type: 'renew-key', license },
      { type: 'install-certificate', license, certificate: '' },
      { type: 'withdrawal-receipt', message: post.offices.manufacturer.keys.seal(WithdrawalReceipt, receipt) },
    ];
    for (const message of messages) assert.equal(reasonOf(say(message)), 'no-such-license', message.type);
  });

  it('noise in place of a signed message', async (test) => {
    const { say, license } = await oneSet(test);
    for (const noise of ['', 'null', '{}', '[]', '{"type":"time"}', 'x'.repeat(20_000)]) {
      const messages: PsdMessage[] = [
        { type: 'time', message: noise },
        { type: 'new-anchor', message: noise },
        { type: 'install-license', license: noise },
        { type: 'install-certificate', license, certificate: noise },
        { type: 'refill', message: noise },
        { type: 'withdrawal-receipt', message: noise },
        { type: 'import', exportedSet: noise, license: noise },
      ];
      for (const message of messages) assert.equal(reasonOf(say(message)), 'malformed', `${message.type}: ${noise}`);
    }
  });

  it('to renew a key, to frank or to leave before its first key is certified', async (test) => {
    const { post, say, license, request } = await uncertified(test);
    assert.equal(reasonOf(say({ type: 'renew-key', license })), 'not-certified');
    assert.equal(reasonOf(say({ type: 'export', license })), 'not-certified');
    assert.equal(reasonOf(say({ type: 'frank', license, ...PIECE })), 'not-certified');
    const certificate = certificateIn(await post.offices.manufacturer.receive(request)) ?? '';
    assert.equal(reasonOf(say({ type: 'install-certificate', license, certificate })), 'done');
    assert.equal(reasonOf(say({ type: 'renew-key', license })), 'installed');
  });

  it('a certificate longer than its memory, also if it is genuine', async (test) => {
    const { post, say, license } = await oneSet(test);
    const [key] = post.offices.certifier.keys;
    const spki = Buffer.from(key?.spki ?? '', 'base64');
    const { nowMs } = post.offices;
    const long = await post.offices.issuer.issue('N'.repeat(400), 5, spki, nowMs, nowMs + 1_000_000);
    const answer = say({ type: 'install-certificate', license, certificate: long.toString('base64') });
    assert.equal(reasonOf(answer), 'malformed');
  });

  it('a register set that it signed and cannot read', async (test) => {
    const { say, host, hardware, license, psd, post } = await oneSet(test);
    const [deviceSeed = ''] = secretsIn(hardware, 'deviceSeed');
    assert.equal(host.moveOut(psd, license), 'moved-out');
    const body = contentsOf(ExportedSet, post.store.get(psd, license, 'registers') ?? '');
    assert.ok(body !== null);
    const document = post.store.get(psd, license, 'license') ?? '';
    const { privateKey } = keyPairFrom(Buffer.from(deviceSeed, 'base64'));
    for (const change of [{ tag: '0'.repeat(32) }, { nonce: '0'.repeat(24) }, { ciphertext: 'AAAA' }]) {
      const exportedSet: string = seal(ExportedSet, { ...body, ...change }, privateKey);
      assert.equal(reasonOf(say({ type: 'import', exportedSet, license: document })), 'export-unreadable');
    }
    assert.equal(host.moveIn(psd, license), 'moved-in');
  });

  it('a refusal of its refill by somebody else than the manufacturer', async (test) => {
    const { say, psd, license } = await oneSet(test);
    const asked = say({ type: 'ask-refill', license, amountMills: 500n });
    assert.ok(asked.type === 'stated');
    const { privateKey } = keyPairFrom(new Random('stranger').bytes('key'));
    const message = seal(RefillRefusal, { psd, license, challenge: '0'.repeat(32) }, privateKey);
    assert.equal(reasonOf(say({ type: 'refill', message })), 'bad-signature');
    assert.equal(reasonOf(say({ type: 'withdraw', license })), 'refill-under-way');
  });

  it('to take more licenses out of service than it can remember', async (test) => {
    const post = await smallPost(test, {});
    const { host, psd } = post.newPsd();
    for (let times = 0; times < WITHDRAWN_MAX; times++) {
      assert.equal(await host.withdraw(psd, await post.license(host, psd)), 'withdrawn');
    }
    assert.equal(await host.withdraw(psd, await post.license(host, psd)), 'memory-full');
  });
});

describe('what left a PSD', () => {
  it('leaves no private key behind in its memory, whether it is on the disk or out of service', async (test) => {
    const { host, psd, hardware, license, post } = await oneSet(test);
    const second = await post.license(host, psd);
    const seeds = secretsIn(hardware, 'keySeed');
    assert.ok(seeds.length >= 2);
    assert.equal(host.moveOut(psd, license), 'moved-out');
    assert.equal(await host.withdraw(psd, second), 'withdrawn');
    const image = hardware.memory.image().toString('latin1');
    for (const seed of seeds) assert.ok(!image.includes(seed));
    assert.equal(host.moveIn(psd, license), 'moved-in');
    assert.equal(typeof host.frank(psd, { license, ...PIECE }), 'object');
  });
});

describe('the reasons of PSDs and offices', () => {
  const folders = [new URL('.', import.meta.url), new URL('../support/', import.meta.url)];
  const texts = folders.flatMap((folder) => {
    return readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'utf8'));
  });
  for (const reason of [...PSD_REFUSALS, ...OFFICE_REFUSALS]) {
    it(`${reason}: some test expects it`, () => {
      assert.ok(texts.some((text) => text.includes(`'${reason}'`)));
    });
  }
});
