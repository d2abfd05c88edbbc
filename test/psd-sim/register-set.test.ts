import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeRegisters, encodeRegisters } from '../../psd-sim/psd/register-record.ts';
import {
  confirmPrinted,
  credit,
  creditFits,
  debit,
  debitRefusal,
  newRegisterSet,
  REGISTER_MILLS_MAX,
  type RegisterSet,
  SET_STATES,
  spoilUnconfirmed,
} from '../../psd-sim/psd/register-set.ts';

const mills = fc.bigInt({ min: 0n, max: REGISTER_MILLS_MAX });
const nonce = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const registerSet: fc.Arbitrary<RegisterSet> = fc.record({
  license: fc.integer({ min: 1, max: 2 ** 48 - 1 }),
  state: fc.constantFrom(...SET_STATES),
  epoch: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  pieceCount: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  ascendingMills: mills,
  descendingMills: fc.option(mills),
  returnedMills: mills,
  unconfirmedMills: mills,
  spoiledPieces: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  spoiledMills: mills,
  challenge: nonce,
  refillNumber: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  askedMills: mills,
  handle: nonce,
});

describe('a register set', () => {
  it('comes back from nonvolatile memory as it was written', () => {
    fc.assert(
      fc.property(registerSet, (set) => {
        assert.deepEqual(decodeRegisters(Buffer.from(encodeRegisters(set))), { ...set });
      }),
    );
  });

  it('keeps ascending + descending through a debit, and raises it by a credit', () => {
    const set = credit(newRegisterSet(1, 'prepaid'), 1_000n);
    const after = debit(set, 730n);
    assert.deepEqual([after.pieceCount, after.ascendingMills, after.descendingMills], [1n, 730n, 270n]);
    const more = credit(after, 500n);
    assert.equal(more.ascendingMills + (more.descendingMills ?? 0n), 1_500n);
  });

  it('refuses postage of nothing or less, more than there is, or more than six bytes hold', () => {
    const set = credit(newRegisterSet(1, 'prepaid'), 5n);
    assert.equal(debitRefusal(set, 0n), 'postage-not-positive');
    assert.equal(debitRefusal(set, -1n), 'postage-not-positive');
    assert.equal(debitRefusal(set, 6n), 'insufficient-funds');
    assert.equal(debitRefusal(set, 5n), null);
    const full = { ...newRegisterSet(1, 'postpaid'), ascendingMills: REGISTER_MILLS_MAX - 1n };
    assert.equal(debitRefusal(full, 2n), 'register-full');
    assert.equal(debitRefusal(full, 1n), null);
    assert.ok(!creditFits(newRegisterSet(1, 'prepaid'), REGISTER_MILLS_MAX + 1n));
    assert.ok(!creditFits(newRegisterSet(1, 'postpaid'), 1n));
  });

  it('counts a piece as spoiled unless it was confirmed before the next', () => {
    const set = credit(newRegisterSet(1, 'prepaid'), 5_000n);
    const confirmed = debit(confirmPrinted(debit(set, 730n)), 730n);
    assert.deepEqual([confirmed.spoiledPieces, confirmed.spoiledMills], [0, 0n]);
    const spoiled = debit(debit(set, 730n), 1_010n);
    assert.deepEqual([spoiled.spoiledPieces, spoiled.spoiledMills, spoiled.pieceCount], [1, 730n, 2n]);
    assert.deepEqual(spoilUnconfirmed(spoiled).spoiledMills, 1_740n);
  });
});
