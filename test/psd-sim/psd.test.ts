import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { parseIndicium } from '../../indicium/index.ts';
import type { Host } from '../../psd-sim/host/host.ts';
import { ExportedSet, RefillRequest } from '../../psd-sim/messages/kinds.ts';
import { contentsOf } from '../../psd-sim/messages/sealed.ts';
import { certificateIn } from '../../psd-sim/offices/certificate-authority.ts';
import { TOMBSTONES_MAX } from '../../psd-sim/psd/secure-state.ts';
import { smallPost, USER } from '../support/small-post.ts';

async function withLicenses(test: TestContext, count: number, payment: 'prepaid' | 'postpaid' = 'prepaid') {
  const post = await smallPost(test, { payment });
  const { host, psd } = post.newPsd();
  const licenses: number[] = [];
  for (let index = 0; index < count; index++) licenses.push(await post.license(host, psd));
  if (payment === 'prepaid') for (const license of licenses) await host.refill(psd, license, 5_000n);
  return { post, host, psd, licenses };
}

function markOf(host: Host, psd: string, license: number, postageMills = 730n) {
  const printed = host.frank(psd, { license, postageMills, rateCategory: 101, destinationPostcode: '06443' });
  assert.ok(typeof printed !== 'string', String(printed));
  const parsed = parseIndicium(printed.payload);
  assert.ok('indicium' in parsed);
  return parsed.indicium;
}

describe('a PSD', () => {
  it('with one license debits, counts and prints both registers (Fig. 2)', async (test) => {
    const { host, psd, licenses } = await withLicenses(test, 1);
    const [license = 0] = licenses;
    const [first, second] = [markOf(host, psd, license), markOf(host, psd, license, 1_010n)];
    assert.deepEqual(
      [first, second].map(({ pieceCount, ascendingMills, descendingMills }) => [
        pieceCount,
        ascendingMills,
        descendingMills,
      ]),
      [
        [1n, 730, 4_270],
        [2n, 1_740, 3_260],
      ],
    );
  });

  it('lets nothing across its boundary but messages and their answers', async (test) => {
    const { host, psd } = await withLicenses(test, 1);
    const device = host.psd(psd);
    assert.deepEqual(Reflect.ownKeys(device), ['name']);
    assert.deepEqual(Reflect.ownKeys(Object.getPrototypeOf(device)), ['constructor', 'receive']);
  });

  it('with two licenses franks under either and leaves the other alone (Fig. 3, claim 1)', async (test) => {
    const { host, psd, licenses } = await withLicenses(test, 2);
    const [one = 0, two = 0] = licenses;
    markOf(host, psd, one);
    const mark = markOf(host, psd, two);
    markOf(host, psd, one);
    assert.equal(mark.license, two);
    assert.equal(mark.pieceCount, 1n);
    const counts = host.sets(psd).map(({ license, pieceCount }) => [license, pieceCount]);
    assert.deepEqual(counts, [
      [one, 2n],
      [two, 1n],
    ]);
  });

  it('is refilled for the license that the exchange names, and for no other (claim 1)', async (test) => {
    const { host, psd, licenses } = await withLicenses(test, 2);
    const [one = 0, two = 0] = licenses;
    const asked = host.psd(psd).receive({ type: 'ask-refill', license: two, amountMills: 900n });
    assert.ok(asked.type === 'stated');
    assert.equal(contentsOf(RefillRequest, asked.statement)?.license, two);
    assert.equal(await host.refill(psd, two, 900n), 'refilled');
    const held = host.sets(psd).map(({ license, descendingMills }) => [license, descendingMills]);
    assert.deepEqual(held, [
      [one, 5_000n],
      [two, 5_900n],
    ]);
  });

  it('has a key pair of its own for each license', async (test) => {
    const { post, host, psd, licenses } = await withLicenses(test, 2);
    const keyIds = licenses.map((license) => markOf(host, psd, license).keyId);
    const keys = keyIds.map((keyId) => post.offices.certifier.keys.find((key) => key.keyId === keyId));
    assert.deepEqual(
      keys.map((key) => key?.license),
      licenses,
    );
    assert.equal(new Set(keys.map((key) => key?.spki)).size, 2);
  });

  it('prints the town of its license, whatever the user wants', async (test) => {
    const { host, psd, licenses } = await withLicenses(test, 1);
    assert.equal(markOf(host, psd, licenses[0] ?? 0).depositPostcode, '06484');
  });

  it('prints without credit in a country without a descending register, and is billed by what it printed', async (test) => {
    const { post, host, psd, licenses } = await withLicenses(test, 1, 'postpaid');
    const [license = 0] = licenses;
    assert.equal(markOf(host, psd, license).descendingMills, null);
    assert.equal(await host.refill(psd, license, 100n), 'no-descending-register');
    assert.equal(await host.audit(psd, license), 'audited');
    markOf(host, psd, license, 1_010n);
    assert.equal(await host.audit(psd, license), 'audited');
    assert.equal(await host.audit(psd, license), 'audited');
    const bills = post.offices.authority.records.funds.map(({ amountMills }) => amountMills);
    assert.deepEqual(bills, [730, 1_010]);
  });

  it('takes the time only forward, and prints no mark before it has heard one', async (test) => {
    const post = await smallPost(test, {});
    const { host, psd } = post.newPsd();
    host.hearTime('');
    const license = await post.license(host, psd);
    await host.refill(psd, license, 5_000n);
    const request = { license, postageMills: 730n, rateCategory: 101, destinationPostcode: null };
    assert.equal(host.frank(psd, request), 'no-time');
    host.hearTime(post.offices.manufacturer.timeMessage());
    assert.equal(markOf(host, psd, license).printedAtMs, post.offices.nowMs);
  });

  it('seals a set that it gives out twice with two nonces, and lets nothing change in it meanwhile', async (test) => {
    const { post, host, psd, licenses } = await withLicenses(test, 1);
    const [license = 0] = licenses;
    const renewing = host.psd(psd).receive({ type: 'renew-key', license });
    assert.ok(renewing.type === 'installed');
    const answer = await post.offices.manufacturer.receive(renewing.certificateRequest);
    const nonces = [0, 1].map(() => {
      const exported = host.psd(psd).receive({ type: 'export', license });
      assert.ok(exported.type === 'exported');
      const certified = host.psd(psd).receive({
        type: 'install-certificate',
        license,
        certificate: `${certificateIn(answer)}${' '.repeat(80)}`,
      });
      assert.ok(certified.type === 'refused');
      return contentsOf(ExportedSet, exported.exportedSet)?.nonce;
    });
    assert.notEqual(nonces[0], nonces[1], 'with one nonce for two contents, anyone who knows one reads the other');
  });

  it('lets no more sets leave than it can remember, and forgets none when many have left for good', async (test) => {
    const post = await smallPost(test, { registerSets: 2 });
    const { host, psd } = post.newPsd();
    for (let times = 0; times < 20; times++) {
      const license = await post.license(host, psd);
      await host.refill(psd, license, 1_000n);
      assert.equal(await host.withdraw(psd, license), 'withdrawn', `the ${times + 1}th`);
    }
    assert.equal(post.offices.manufacturer.balanceMills(USER), 1_000_000n);
    for (let away = 0; away < TOMBSTONES_MAX - 1; away++) {
      assert.equal(host.moveOut(psd, await post.license(host, psd)), 'moved-out');
    }
    const [one, two] = [await post.license(host, psd), await post.license(host, psd)];
    assert.equal(host.psd(psd).receive({ type: 'export', license: one }).type, 'exported');
    assert.deepEqual(host.psd(psd).receive({ type: 'export', license: two }), {
      type: 'refused',
      reason: 'memory-full',
    });
    assert.equal(host.moveOut(psd, one), 'moved-out');
  });

  it('gets a new key for a register set, and goes on counting', async (test) => {
    const { host, psd, licenses } = await withLicenses(test, 1);
    const [license = 0] = licenses;
    const before = markOf(host, psd, license);
    assert.equal(await host.renewKey(psd, license), 'renewed');
    const after = markOf(host, psd, license);
    assert.notEqual(after.keyId, before.keyId);
    assert.equal(after.pieceCount, 2n);
  });
});
