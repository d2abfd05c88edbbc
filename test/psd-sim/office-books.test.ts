import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { keyPairFrom } from '../../psd-sim/key-pair.ts';
import { Audit, Receipt, RefillRequest, Withdrawal, WithdrawalReceipt } from '../../psd-sim/messages/kinds.ts';
import { contentsOf, seal, typeOf } from '../../psd-sim/messages/sealed.ts';
import { refusalIn } from '../../psd-sim/offices/office.ts';
import { Random } from '../../psd-sim/random.ts';
import { smallPost, USER } from '../support/small-post.ts';

const STRANGER = keyPairFrom(new Random('stranger').bytes('key'));

describe('registers that a PSD states', () => {
  async function tampering(test: TestContext) {
    let isAuthorityAway = false;
    const post = await smallPost(test, {
      wire: (_from, to, link) => async (message) => (isAuthorityAway && to === 'authority' ? '' : link(message)),
    });
    const { host, psd } = post.newPsd();
    const license = await post.license(host, psd);
    await host.refill(psd, license, 2_000n);
    // From now on the manufacturer takes a stranger's signature for that of the PSD: one whose housing was opened.
    const { manufacturer } = post.offices;
    const stated = host.psd(psd).receive({ type: 'audit', license });
    assert.ok(stated.type === 'stated');
    const honest = contentsOf(Audit, stated.statement);
    assert.ok(honest !== null);
    manufacturer.registerDevice(psd, STRANGER.spki, USER);
    return {
      post,
      setAway(isAway: boolean) {
        isAuthorityAway = isAway;
      },
      audit: (change: Partial<typeof honest>) => {
        return manufacturer.receive(seal(Audit, { ...honest, ...change }, STRANGER.privateKey));
      },
      withdraw: (change: Partial<typeof honest> & { returnedMills: string }) => {
        const { psd, license, epoch, pieceCount, ascendingMills, descendingMills } = { ...honest, ...change };
        const registers = { psd, license, epoch, pieceCount, ascendingMills, descendingMills };
        const statement = { ...registers, returnedMills: change.returnedMills };
        return manufacturer.receive(seal(Withdrawal, statement, STRANGER.privateKey));
      },
    };
  }

  it('are believed in an audit only when they add up, and never go back', async (test) => {
    const { audit } = await tampering(test);
    assert.equal(refusalIn(await audit({ descendingMills: '2001' })), 'control-total-mismatch');
    const spent = { pieceCount: '2', ascendingMills: '1460', descendingMills: '540' };
    assert.equal(typeOf(await audit(spent)), Receipt.type);
    assert.equal(refusalIn(await audit({})), 'registers-went-back');
    assert.equal(refusalIn(await audit({ ...spent, pieceCount: '1' })), 'registers-went-back');
    assert.equal(typeOf(await audit({ ...spent, epoch: 2 })), Receipt.type);
    assert.equal(refusalIn(await audit(spent)), 'registers-went-back');
  });

  it('give back no balance that was not there, and none twice', async (test) => {
    const { post, audit, withdraw } = await tampering(test);
    const { manufacturer } = post.offices;
    const claimed = { descendingMills: '0', returnedMills: '9000' };
    assert.equal(refusalIn(await withdraw(claimed)), 'control-total-mismatch');
    const kept = { descendingMills: '2000', returnedMills: '2000' };
    assert.equal(refusalIn(await withdraw(kept)), 'control-total-mismatch');
    const final = { descendingMills: '0', returnedMills: '2000' };
    for (let times = 0; times < 2; times++) assert.equal(typeOf(await withdraw(final)), WithdrawalReceipt.type);
    assert.equal(manufacturer.balanceMills(USER), 1_000_000n);
    assert.equal(refusalIn(await audit(final)), 'already-withdrawn');
  });

  it('are not taken for reported while the authority cannot be reached', async (test) => {
    const { post, audit, withdraw, setAway } = await tampering(test);
    setAway(true);
    const final = { descendingMills: '0', returnedMills: '2000' };
    assert.equal(refusalIn(await audit({ epoch: 5 })), 'authority-refused');
    assert.equal(refusalIn(await withdraw(final)), 'authority-refused');
    assert.equal(post.offices.manufacturer.balanceMills(USER), 998_000n);
    setAway(false);
    assert.equal(typeOf(await audit({})), Receipt.type, 'what was not reported was not noted');
    assert.equal(typeOf(await withdraw(final)), WithdrawalReceipt.type);
  });
});

describe('money between manufacturer and authority', () => {
  it('is not spent twice by two PSDs that are refilled at once', async (test) => {
    const post = await smallPost(test, {});
    const host = post.newHost();
    const sets: [string, number][] = [];
    for (let index = 0; index < 2; index++) {
      const { psd } = post.newPsd(host);
      sets.push([psd, await post.license(host, psd)]);
    }
    const answers = await Promise.all(sets.map(([psd, license]) => host.refill(psd, license, 1_000_000n)));
    assert.deepEqual(answers.toSorted(), ['refill-refused', 'refilled']);
    assert.equal(post.offices.manufacturer.balanceMills(USER), 0n);
  });

  it('is taken once for a question that comes twice at once, and not at all for a forged one', async (test) => {
    const post = await smallPost(test, {});
    const { host, psd } = post.newPsd();
    const license = await post.license(host, psd);
    const asked = host.psd(psd).receive({ type: 'ask-refill', license, amountMills: 700_000n });
    assert.ok(asked.type === 'stated');
    const { manufacturer } = post.offices;
    const body = contentsOf(RefillRequest, asked.statement);
    assert.ok(body !== null);
    const forged = seal(RefillRequest, { ...body, amountMills: '5' }, STRANGER.privateKey);
    assert.equal(refusalIn(await manufacturer.receive(forged)), 'bad-signature');
    const answers = await Promise.all([manufacturer.receive(asked.statement), manufacturer.receive(asked.statement)]);
    assert.equal(answers[0], answers[1]);
    manufacturer.registerDevice(psd, STRANGER.spki, USER);
    const renumbered = seal(RefillRequest, { ...body, challenge: '3'.repeat(32) }, STRANGER.privateKey);
    assert.equal(refusalIn(await manufacturer.receive(renumbered)), 'registers-went-back', 'a number used before');
    assert.equal(manufacturer.balanceMills(USER), 300_000n);
    assert.equal(manufacturer.bookedMills(psd, license).creditedMills, 700_000n);
    assert.equal(post.offices.authority.records.funds.length, 1);
  });

  it('is kept for a refill whose consent was lost, so that what the authority booked is what is paid', async (test) => {
    let isLost = false;
    const post = await smallPost(test, {
      wire: (_from, to, link) => async (message) => {
        const answer = await link(message);
        return isLost && to === 'authority' ? '' : answer;
      },
    });
    const host = post.newHost();
    const { psd: first } = post.newPsd(host);
    const { psd: second } = post.newPsd(host);
    const [one, two] = [await post.license(host, first), await post.license(host, second)];
    isLost = true;
    assert.equal(await host.refill(first, one, 900_000n), 'authority-refused');
    isLost = false;
    assert.equal(await host.refill(second, two, 900_000n), 'refill-refused', 'the money waits for the first');
    assert.equal(await host.refill(first, one, 900_000n), 'refilled');
    const booked = post.offices.authority.records.funds.map(({ amountMills }) => amountMills);
    assert.deepEqual(booked, [900_000]);
  });

  it('is not taken by a refused question that somebody asks again later', async (test) => {
    const texts: string[] = [];
    const post = await smallPost(test, {
      link: (link) => (message) => {
        texts.push(message);
        return link(message);
      },
    });
    const { host, psd } = post.newPsd();
    const license = await post.license(host, psd);
    assert.equal(await host.refill(psd, license, 2_000_000n), 'refill-refused');
    const old = texts.at(-1) ?? '';
    for (let times = 0; times < 6; times++) assert.equal(await host.refill(psd, license, 2_000_000n), 'refill-refused');
    post.offices.manufacturer.deposit(USER, 5_000_000n);
    assert.equal(refusalIn(await post.offices.manufacturer.receive(old)), 'registers-went-back');
    assert.equal(await host.refill(psd, license, 2_000_000n), 'refilled');
  });
});
