import assert from 'node:assert/strict';
import { createECDH } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { inverse, PrivateKey } from '../../psd-sim/ecdsa.ts';
import { isSignedBy, keyPairFrom, publicKeyFrom } from '../../psd-sim/key-pair.ts';

/** SEC 2, 2.4.2, written out again. */
const ORDER = BigInt('115792089210356248762697446949407573529996955224135760342422259061068512044369');

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));
const message = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));

describe('a private key of the simulator', () => {
  it('signs what node:crypto finds genuine, and nothing else is', () => {
    fc.assert(
      fc.property(bytes32, message, fc.nat({ max: 63 }), (seed, bytes, at) => {
        const { privateKey, spki } = keyPairFrom(seed);
        const publicKey = publicKeyFrom(spki);
        const signature = privateKey.sign(bytes);
        assert.equal(signature.length, 64);
        assert.ok(isSignedBy(bytes, signature, publicKey));
        assert.ok(!isSignedBy(Buffer.concat([bytes, Buffer.of(0)]), signature, publicKey));
        signature[at] = (signature[at] ?? 0) ^ 1;
        assert.ok(!isSignedBy(bytes, signature, publicKey));
      }),
      { numRuns: 500 },
    );
  });

  it('signs the same bytes the same way, and never two messages, or with two keys, under one nonce', () => {
    fc.assert(
      fc.property(bytes32, bytes32, message, message, (seed, otherSeed, bytes, otherBytes) => {
        const nonceOf = (signature: Buffer) => signature.toString('hex', 0, 32);
        const signature = new PrivateKey(seed).sign(bytes);
        assert.deepEqual(new PrivateKey(seed).sign(bytes), signature);
        const others = [
          ...(bytes.equals(otherBytes) ? [] : [new PrivateKey(seed).sign(otherBytes)]),
          ...(seed.equals(otherSeed) ? [] : [new PrivateKey(otherSeed).sign(bytes)]),
        ];
        for (const other of others) assert.notEqual(nonceOf(other), nonceOf(signature));
      }),
    );
  });

  it('has the public key that node:crypto finds for the same scalar', () => {
    const curve = createECDH('prime256v1');
    curve.setPrivateKey('8'.padStart(64, '0'), 'hex');
    const { spki } = keyPairFrom(Buffer.from('7'.padStart(64, '0'), 'hex'));
    assert.equal(spki.toString('hex', 26), curve.getPublicKey('hex'));
    assert.equal(publicKeyFrom(spki).asymmetricKeyDetails?.namedCurve, 'prime256v1');
  });
});

describe('inverse', () => {
  it('times its number is 1, for numbers of every length', () => {
    const number = fc.nat({ max: 255 }).chain((bits) => fc.bigInt({ min: 1n, max: 2n ** BigInt(bits + 1) - 1n }));
    fc.assert(
      fc.property(
        number.filter((value) => value < ORDER),
        (value) => (inverse(value) * value) % ORDER === 1n,
      ),
      { numRuns: 20_000 },
    );
  });

  it('holds at the ends, and where quotients are long', () => {
    for (const value of [
      1n,
      2n,
      3n,
      2n ** 48n,
      2n ** 48n - 1n,
      ORDER / 2n,
      ORDER / 2n ** 47n,
      ORDER - 2n,
      ORDER - 1n,
    ]) {
      assert.equal((inverse(value) * value) % ORDER, 1n, `${value}`);
      assert.ok(inverse(value) > 0n && inverse(value) < ORDER);
    }
  });
});
