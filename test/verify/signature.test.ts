import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  FIELDS,
  type KeyRecord,
  parseIndicium,
  type ReadingOutcome,
  SIGNED_BYTES,
  type SuiteName,
} from '../../indicium/index.ts';
import { authenticate, checksOf, KeyRing, signerOf, verifySignature } from '../../verify/index.ts';
import { importPublicKey, keyMaterial } from '../../verify/key-gate.ts';
import { PRINTED_AT_MS, packed, type RegistryRecords, SmallWorld } from '../support/marks.ts';

function outcomeOf(payload: Uint8Array, records: RegistryRecords, scannedAtMs: number | null = null): ReadingOutcome {
  const parsed = parseIndicium(payload);
  return 'failure' in parsed
    ? parsed.failure
    : authenticate(parsed.indicium, new KeyRing(packed(records)), { scannedAtMs, receivedAtMs: null });
}

/** The next mark of one PSD and license, under the number of another key and signed by it. */
function inNameOf(world: SmallWorld, named: KeyRecord, signer: KeyRecord): Buffer {
  const model = world.frank(
    world.psds.findIndex(({ name }) => name === named.psd),
    world.licenses.indexOf(named.license),
  );
  model.writeUIntBE(signer.keyId, FIELDS.keyId.offset, FIELDS.keyId.bytes);
  return world.signedBytes(signer.psd, signer.license, model.subarray(0, SIGNED_BYTES));
}

describe('authenticating a mark', () => {
  it('finds a genuine one valid', () => {
    const world = new SmallWorld(1, 1);
    assert.equal(outcomeOf(world.frank(), world.records), 'valid');
  });

  it('notices every single bit that is flipped', () => {
    const world = new SmallWorld(1, 1);
    const payload = world.frank();
    for (let bit = 0; bit < payload.length * 8; bit++) {
      const flipped = Buffer.from(payload);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.notEqual(outcomeOf(flipped, world.records), 'valid', `bit ${bit}`);
    }
  });

  it('accepts a key only for its own PSD and license: the matrix of all against all passes on its diagonal', () => {
    const world = new SmallWorld(3, 3);
    for (const claimed of world.records.keys) {
      for (const used of world.records.keys) {
        // The mark of `claimed`, but the registry says that its key id belongs to `used`.
        const registry = { ...world.records, keys: [{ ...used, keyId: claimed.keyId }] };
        const psd = world.psds.findIndex((device) => device.name === claimed.psd);
        const outcome = outcomeOf(world.frank(psd, world.licenses.indexOf(claimed.license)), registry);
        assert.equal(outcome, claimed === used ? 'valid' : 'key-mismatch', 'nor is its owner named');
      }
    }
  });

  it('says of each mark in another name whose key signed it, and accuses nobody where the signature does not fit', () => {
    const world = new SmallWorld(2, 2);
    const ring = new KeyRing(packed(world.records));
    for (const named of world.records.keys) {
      for (const signer of world.records.keys) {
        const payload = inNameOf(world, named, signer);
        const parsed = parseIndicium(payload);
        assert.ok('indicium' in parsed);
        const outcome = authenticate(parsed.indicium, ring, { scannedAtMs: PRINTED_AT_MS, receivedAtMs: null });
        const owner = signerOf(parsed.indicium, outcome, ring);
        if (named === signer) {
          assert.deepEqual([outcome, owner], ['valid', null]);
          continue;
        }
        assert.deepEqual([outcome, owner], ['borrowed-name', { license: signer.license, psd: signer.psd }]);
        for (const at of [90, payload.length - 1]) {
          const altered = Buffer.from(payload);
          altered[at] = (altered[at] ?? 0) ^ 1;
          assert.equal(outcomeOf(altered, world.records, PRINTED_AT_MS), 'key-mismatch');
        }
      }
    }
  });

  it('does not name the owner of a key that was in other hands when it signed or was scanned, or may have been', () => {
    const world = new SmallWorld(2, 1);
    const [named, signer] = world.records.keys;
    assert.ok(named !== undefined && signer !== undefined);
    const payload = inNameOf(world, named, signer);
    const outcomeWith = (compromisedFromMs: number, scannedAtMs: number | null) => {
      const keys = world.records.keys.map((key) => (key === signer ? { ...key, compromisedFromMs } : key));
      return outcomeOf(payload, { ...world.records, keys }, scannedAtMs);
    };
    assert.equal(outcomeWith(PRINTED_AT_MS + 60_000, PRINTED_AT_MS), 'borrowed-name');
    assert.equal(outcomeWith(PRINTED_AT_MS + 60_000, PRINTED_AT_MS + 60_000), 'key-mismatch');
    assert.equal(outcomeWith(PRINTED_AT_MS + 60_000, null), 'key-mismatch');
    assert.equal(outcomeWith(PRINTED_AT_MS, PRINTED_AT_MS - 1), 'key-mismatch');
  });

  it('notices the signature of another registered key', () => {
    const world = new SmallWorld(2, 1);
    const other = world.key('06-2S-1', 1000);
    const keys = world.records.keys.map((key) => (key.psd === '06-2S-0' ? { ...key, spki: other.spki } : key));
    assert.equal(outcomeOf(world.frank(0), { ...world.records, keys }), 'forged');
  });

  it('takes the suite from the key, never from the mark', () => {
    const world = new SmallWorld(1, 1);
    const spki = generateKeyPairSync('ed25519').publicKey.export({ format: 'der', type: 'spki' });
    const keys = world.records.keys.map((key) => ({ ...key, suite: 'ed25519', spki }) as const);
    assert.equal(outcomeOf(world.frank(), { ...world.records, keys }), 'suite-mismatch');
  });

  it('says so when it knows no key', () => {
    const world = new SmallWorld(1, 1);
    assert.equal(outcomeOf(world.frank(), { ...world.records, keys: [] }), 'unknown-key');
  });

  it('asks for a grant at the time of franking', () => {
    const world = new SmallWorld(1, 1);
    const grant = { license: 1000, psd: '06-2S-0' };
    const at = (grantedAtMs: number, endedAtMs: number | null): ReadingOutcome => {
      return outcomeOf(world.frank(), { ...world.records, grants: [{ ...grant, grantedAtMs, endedAtMs }] });
    };
    assert.equal(at(PRINTED_AT_MS, null), 'valid');
    assert.equal(at(PRINTED_AT_MS + 1, null), 'ungranted-psd');
    assert.equal(at(0, PRINTED_AT_MS + 1), 'valid');
    assert.equal(at(0, PRINTED_AT_MS), 'ungranted-psd');
    assert.equal(outcomeOf(world.frank(), { ...world.records, licenses: [] }), 'ungranted-psd');
  });

  it('holds the latest granted PSDs to be beyond the limit, and forgives a replaced one', () => {
    const world = new SmallWorld(3, 1);
    const licenses = world.records.licenses.map((license) => ({ ...license, psdLimit: 2 }));
    const grants = world.records.grants.map((grant, index) => ({ ...grant, grantedAtMs: index }));
    const outcomes = (registry: RegistryRecords) => [0, 1, 2].map((psd) => outcomeOf(world.frank(psd), registry));
    assert.deepEqual(outcomes({ ...world.records, licenses, grants }), ['valid', 'valid', 'overspread-license']);
    const replaced = grants.map((grant, index) => (index === 0 ? { ...grant, endedAtMs: PRINTED_AT_MS } : grant));
    assert.deepEqual(outcomes({ ...world.records, licenses, grants: replaced }), ['ungranted-psd', 'valid', 'valid']);
  });

  it('lists its checks in the order of the protocol', () => {
    const known = { printedAtMs: PRINTED_AT_MS, scannedAtMs: PRINTED_AT_MS, receivedAtMs: PRINTED_AT_MS };
    const results = (outcome: ReadingOutcome) => checksOf(outcome, known).map((check) => check.result);
    assert.deepEqual(new Set(results('valid')), new Set(['passed']));
    assert.deepEqual(results('forged').slice(0, 5), ['passed', 'passed', 'passed', 'failed', 'not reached']);
    assert.deepEqual(new Set(results('bad-date')), new Set(['not reached']));
  });

  it('says of each check that takes what is not known that it was not made', () => {
    const day = 86_400_000;
    const unlike = (outcome: ReadingOutcome, scannedAtMs: number | null, receivedAtMs: number | null) =>
      checksOf(outcome, { printedAtMs: PRINTED_AT_MS, scannedAtMs, receivedAtMs })
        .filter(({ result }) => result !== 'passed' && result !== 'not reached')
        .map(({ name, result }) => `${name} ${result}`);
    assert.deepEqual(unlike('valid', null, null), ['date not checked', 'receipt not checked']);
    assert.deepEqual(unlike('valid', PRINTED_AT_MS, null), ['receipt not checked']);
    assert.deepEqual(unlike('date-anomaly', PRINTED_AT_MS - 99 * day, null), ['date failed']);
    assert.deepEqual(unlike('date-anomaly', PRINTED_AT_MS, PRINTED_AT_MS + 99 * day), ['receipt failed']);
    assert.deepEqual(unlike('date-anomaly', null, PRINTED_AT_MS + 99 * day), ['date not checked', 'receipt failed']);
    assert.deepEqual(unlike('forged', null, null), ['signature failed']);
    const [revocation] = checksOf('valid-but-revoked-key', {
      printedAtMs: 0,
      scannedAtMs: null,
      receivedAtMs: null,
    }).filter(({ result }) => result === 'failed');
    assert.match(revocation?.note ?? '', /nobody said when it was scanned/);
  });
});

describe('verifySignature', () => {
  const suites: [SuiteName, () => { privateKey: KeyObject; publicKey: KeyObject }][] = [
    ['ecdsa-p256-sha256', () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' })],
    ['ecdsa-p224-sha256', () => generateKeyPairSync('ec', { namedCurve: 'secp224r1' })],
    ['ed25519', () => generateKeyPairSync('ed25519')],
    ['rsa2048-sha256', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ];
  const message = Buffer.from('one piece of mail');
  const signed = suites.map(([suite, generate]) => {
    const { privateKey, publicKey } = generate();
    const signature = sign(suite === 'ed25519' ? null : 'sha256', message, {
      key: privateKey,
      dsaEncoding: 'ieee-p1363',
    });
    return { suite, spki: publicKey.export({ format: 'der', type: 'spki' }), signature, privateKey };
  });

  it('accepts each suite with its own key, and no key under another suite', () => {
    for (const { suite } of signed) {
      for (const { suite: keySuite, spki, signature } of signed) {
        assert.equal(verifySignature(suite, spki, message, signature), suite === keySuite, `${keySuite} as ${suite}`);
      }
    }
  });

  it('accepts one encoding of a signature', () => {
    const [p256] = signed;
    assert.ok(p256 !== undefined);
    const der = sign('sha256', message, p256.privateKey);
    assert.equal(verifySignature('ecdsa-p256-sha256', p256.spki, message, der), false);
    for (const bytes of [
      Buffer.concat([p256.signature, Buffer.of(0)]),
      p256.signature.subarray(0, 63),
      Buffer.alloc(0),
    ]) {
      assert.equal(verifySignature('ecdsa-p256-sha256', p256.spki, message, bytes), false);
    }
    assert.equal(verifySignature('ecdsa-p256-sha256', p256.spki, message, Buffer.alloc(64)), false);
  });

  it('refuses keys in other encodings: compressed, explicit parameters, other curves, private, cut', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const signature = sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' });
    const canonical = publicKey.export({ format: 'der', type: 'spki' });
    assert.ok(verifySignature('ecdsa-p256-sha256', canonical, message, signature));
    const explicit = generateKeyPairSync('ec', { namedCurve: 'prime256v1', paramEncoding: 'explicit' }).publicKey;
    const point = canonical.subarray(-65);
    const compressed = Buffer.concat([
      Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex'),
      Buffer.of((point[64] ?? 0) & 1 ? 3 : 2),
      point.subarray(1, 33),
    ]);
    assert.ok(createPublicKey({ key: compressed, format: 'der', type: 'spki' }), 'OpenSSL itself takes it');
    const offCurve = Buffer.from(canonical);
    offCurve[90] = (offCurve[90] ?? 0) ^ 1;
    const refused = [
      explicit.export({ format: 'der', type: 'spki' }),
      compressed,
      offCurve,
      privateKey.export({ format: 'der', type: 'pkcs8' }),
      canonical.subarray(0, -1),
      Buffer.concat([canonical, Buffer.of(0)]),
      Buffer.alloc(0),
    ];
    for (const spki of refused) assert.equal(verifySignature('ecdsa-p256-sha256', spki, message, signature), false);
  });

  it('takes a key exactly when its export would give the same bytes again', () => {
    for (const { suite, spki } of signed) {
      for (let bit = 0; bit < spki.length * 8; bit++) {
        const changed = Buffer.from(spki);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const key = importPublicKey(suite, changed);
        assert.ok(key === null || key.export({ format: 'der', type: 'spki' }).equals(changed), `${suite}, bit ${bit}`);
      }
    }
  });

  it('never throws for values that are not bytes, and for unknown suites', () => {
    const [p256] = signed;
    assert.ok(p256 !== undefined);
    const call = (values: readonly unknown[]): unknown => Reflect.apply(verifySignature, null, values);
    fc.assert(
      fc.property(fc.anything(), fc.anything(), fc.anything(), fc.anything(), (suite, spki, text, mark) => {
        assert.equal(call([suite, p256.spki, message, p256.signature]), false);
        assert.equal(call(['ecdsa-p256-sha256', spki, text, mark]), false);
      }),
    );
    for (const suite of ['toString', '__proto__', 'undefined', 'md5', 'sha1', 'none', undefined, null]) {
      assert.equal(call([suite, p256.spki, message, p256.signature]), false);
    }
  });

  it('refuses r and s outside 1 to n − 1, and anything that is not the signature', () => {
    const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const [p256] = signed;
    assert.ok(p256 !== undefined);
    const r = BigInt(`0x${p256.signature.subarray(0, 32).toString('hex')}`);
    const s = BigInt(`0x${p256.signature.subarray(32).toString('hex')}`);
    const pair = (a: bigint, b: bigint) =>
      Buffer.from([a, b].map((v) => v.toString(16).padStart(64, '0')).join(''), 'hex');
    assert.ok(verifySignature('ecdsa-p256-sha256', p256.spki, message, pair(r, s)));
    const values = [0n, 1n, n - 1n, n, n + 1n, 2n ** 256n - 1n, s];
    for (const a of [...values, r]) {
      for (const b of values) {
        const isGenuine = a === r && (b === s || b === n - s);
        assert.equal(verifySignature('ecdsa-p256-sha256', p256.spki, message, pair(a, b)), isGenuine, `${a} ${b}`);
      }
    }
    if (r + n < 2n ** 256n)
      assert.equal(verifySignature('ecdsa-p256-sha256', p256.spki, message, pair(r + n, s)), false);
  });

  it('refuses Ed25519 keys of small order and in non-canonical form, under which anything verifies', () => {
    const p = 2n ** 255n - 19n;
    const le = (value: bigint) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();
    const sign255 = 2n ** 255n;
    const order8 = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
    const weak = [0n, 1n, p - 1n, p, p + 1n, order8, p - order8];
    const identitySignature = Buffer.concat([le(1n), Buffer.alloc(32)]);
    for (const y of [...weak, ...weak.map((value) => value + sign255), 2n ** 255n - 1n, p + 2n]) {
      const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), le(y)]);
      assert.equal(keyMaterial('ed25519', spki), null, y.toString(16));
      assert.equal(verifySignature('ed25519', spki, message, identitySignature), false, y.toString(16));
    }
  });

  it('refuses RSA keys of other sizes and exponents', () => {
    for (const options of [
      { modulusLength: 1024 },
      { modulusLength: 3072 },
      { modulusLength: 2048, publicExponent: 3 },
    ]) {
      const { privateKey, publicKey } = generateKeyPairSync('rsa', options);
      const spki = publicKey.export({ format: 'der', type: 'spki' });
      assert.equal(verifySignature('rsa2048-sha256', spki, message, sign('sha256', message, privateKey)), false);
    }
  });

  it('never throws for data, whatever it is', () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(
        fc.constantFrom(...suites.map(([suite]) => suite)),
        bytes,
        bytes,
        bytes,
        (suite, spki, text, mark) => {
          assert.equal(verifySignature(suite, spki, text, mark), false);
        },
      ),
    );
  });
});
