import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { keyPairFrom } from '../../psd-sim/key-pair.ts';
import {
  CountersignedLicense,
  EndorsedCertificateRequest,
  ForwardedRequest,
  LicenseDocument,
  LicenseRequest,
  RefillRequest,
} from '../../psd-sim/messages/kinds.ts';
import { contentsOf, isSealFailure, seal, unseal } from '../../psd-sim/messages/sealed.ts';
import { certificateIn } from '../../psd-sim/offices/certificate-authority.ts';
import { refusalIn } from '../../psd-sim/offices/office.ts';
import { Random } from '../../psd-sim/random.ts';
import { smallPost, TOWN, USER } from '../support/small-post.ts';

const STRANGER = keyPairFrom(new Random('stranger').bytes('key'));
const WISH = { holder: USER, town: TOWN.name, depositPostcode: TOWN.postcode, existingLicense: null };

function requestOf(psd: string) {
  return { psd, nonce: '1'.repeat(32), ...WISH };
}

describe('the manufacturer', () => {
  it('verifies the origin of a request: only a PSD it made, only with its own signature', async (test) => {
    const post = await smallPost(test, {});
    const { psd } = post.newPsd();
    const { manufacturer } = post.offices;
    const forged = seal(LicenseRequest, requestOf(psd), STRANGER.privateKey);
    assert.equal(refusalIn(await manufacturer.receive(forged)), 'bad-signature');
    const foreign = seal(LicenseRequest, requestOf('06-2S-99'), STRANGER.privateKey);
    assert.equal(refusalIn(await manufacturer.receive(foreign)), 'unknown-psd');
    for (const noise of ['', '{}', 'null', '{"type":"license-request"}']) {
      assert.equal(refusalIn(await manufacturer.receive(noise)), 'unknown-message', noise);
    }
  });

  it('countersigns only what the authority signed, for that request', async (test) => {
    let change = (answer: string) => answer;
    const post = await smallPost(test, {
      wire: (_from, to, link) => async (message) => (to === 'authority' ? change(await link(message)) : link(message)),
    });
    const { host, psd } = post.newPsd();
    change = (answer) => {
      const body = contentsOf(LicenseDocument, answer);
      assert.ok(body !== null);
      return seal(LicenseDocument, { ...body, depositPostcode: '75034' }, STRANGER.privateKey);
    };
    assert.equal(await host.obtainLicense(psd, WISH), 'bad-signature');
    change = (answer) => {
      const body = contentsOf(LicenseDocument, answer);
      assert.ok(body !== null);
      return post.offices.authority.keys.seal(LicenseDocument, { ...body, psd: '06-2S-99' });
    };
    assert.equal(await host.obtainLicense(psd, WISH), 'request-altered');
    change = (answer) => answer;
    const license = await post.license(host, psd);
    const document = unseal(
      CountersignedLicense,
      post.store.get(psd, license, 'license') ?? '',
      ...post.offices.manufacturer.keys.publicKeys,
    );
    assert.ok(!isSealFailure(document));
    assert.ok(!isSealFailure(unseal(LicenseDocument, document.license, ...post.offices.authority.keys.publicKeys)));
  });

  it('sells a refill only when the registers add up to what was paid, and the account covers it', async (test) => {
    const post = await smallPost(test, {});
    const { host, psd } = post.newPsd();
    const license = await post.license(host, psd);
    assert.equal(await host.refill(psd, license, 2_000_000n), 'refill-refused');
    assert.equal(await host.refill(psd, license, 2_000n), 'refilled');
    // Its own signed statement, but with another's registers: as a PSD would send whose registers were tampered with.
    const asked = host.psd(psd).receive({ type: 'ask-refill', license, amountMills: 500n });
    assert.ok(asked.type === 'stated');
    const body = contentsOf(RefillRequest, asked.statement);
    assert.ok(body !== null);
    const { manufacturer } = post.offices;
    manufacturer.registerDevice(psd, STRANGER.spki, USER);
    const tampered = { ...body, descendingMills: '9000' };
    const answer = await manufacturer.receive(seal(RefillRequest, tampered, STRANGER.privateKey));
    assert.equal(refusalIn(answer), 'control-total-mismatch');
    const rolledBack = { ...body, epoch: 0, pieceCount: '0', ascendingMills: '0' };
    await manufacturer.receive(seal(RefillRequest, { ...body, pieceCount: '7' }, STRANGER.privateKey));
    const back = await manufacturer.receive(
      seal(RefillRequest, { ...rolledBack, challenge: '2'.repeat(32) }, STRANGER.privateKey),
    );
    assert.equal(refusalIn(back), 'registers-went-back');
  });
});

describe('the postal authority', () => {
  it('grants what a manufacturer forwarded, once for each request, numbered', async (test) => {
    const post = await smallPost(test, {});
    const { authority, manufacturer } = post.offices;
    const request = seal(LicenseRequest, requestOf('06-2S-1'), STRANGER.privateKey);
    const forwarded = manufacturer.keys.seal(ForwardedRequest, { request });
    const first = contentsOf(LicenseDocument, await authority.receive(forwarded));
    const again = contentsOf(LicenseDocument, await authority.receive(forwarded));
    assert.deepEqual(first, again);
    assert.equal(authority.records.licenses.length, 1);
    const stranger = seal(ForwardedRequest, { request }, STRANGER.privateKey);
    assert.equal(refusalIn(await authority.receive(stranger)), 'bad-signature');
  });

  it('refuses a license to somebody else, for another town, beyond its PSDs, or revoked', async (test) => {
    const post = await smallPost(test, { psdLimit: 1 });
    const host = post.newHost();
    const { psd } = post.newPsd(host);
    const license = await post.license(host, psd);
    const { psd: other } = post.newPsd(host);
    const ask = (change: object) => host.obtainLicense(other, { ...WISH, existingLicense: license, ...change });
    assert.equal(await ask({ existingLicense: 1 }), 'unknown-license');
    assert.equal(await ask({ holder: 'Shoreline Pharmacy' }), 'not-the-holder');
    assert.equal(await ask({ depositPostcode: '75034' }), 'not-at-that-town');
    assert.equal(await ask({}), 'psd-limit-reached');
    post.offices.authority.register.revoke(license, post.offices.nowMs);
    assert.equal(await ask({}), 'license-revoked');
    assert.equal(await host.refill(psd, license, 100n), 'refill-refused');
  });

  it('refunds a spoiled mark once', async (test) => {
    const { authority } = (await smallPost(test, {})).offices;
    const piece = { license: 1, psd: '06-2S-1', pieceCount: '5', amountMills: 730 };
    assert.equal(authority.refundPiece(piece), 'refunded');
    assert.equal(authority.refundPiece(piece), 'already-refunded');
  });
});

describe('the certificate authority', () => {
  it('certifies keys that the manufacturer endorsed, once each; the serial number is the key id', async (test) => {
    const post = await smallPost(test, {});
    const { host, psd } = post.newPsd();
    const license = await post.license(host, psd);
    const [key] = post.offices.certifier.keys;
    assert.deepEqual([key?.psd, key?.license], [psd, license]);
    const certificate = new X509Certificate(Buffer.from(post.store.get(psd, license, 'certificate') ?? '', 'base64'));
    assert.equal(Number.parseInt(certificate.serialNumber, 16), key?.keyId);
    const stranger = seal(EndorsedCertificateRequest, { request: '' }, STRANGER.privateKey);
    assert.equal(refusalIn(await post.offices.certifier.receive(stranger)), 'bad-signature');
    assert.equal(certificateIn('{"type":"refused"}'), null);
  });

  it('replaces its key, as the other offices do, and PSDs follow', async (test) => {
    const post = await smallPost(test, {});
    const { host, psd } = post.newPsd();
    const { manufacturer, authority, issuer } = post.offices;
    for (const message of [manufacturer.keys.rotate(), authority.keys.rotate(), await issuer.rotate()]) {
      assert.equal(host.psd(psd).receive({ type: 'new-anchor', message }).type, 'done');
      const again = host.psd(psd).receive({ type: 'new-anchor', message });
      assert.equal(again.type, 'refused', 'only forward');
    }
    const license = await post.license(host, psd);
    assert.equal(await host.refill(psd, license, 500n), 'refilled');
  });
});
