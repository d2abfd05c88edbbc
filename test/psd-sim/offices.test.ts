import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { FIELDS } from '../../indicium/layout.ts';
import { keyPairFrom } from '../../psd-sim/key-pair.ts';
import {
  CertificateRequest,
  CountersignedLicense,
  EndorsedCertificateRequest,
  ForwardedRequest,
  LicenseDocument,
  LicenseRequest,
  RefillRequest,
  WithdrawalReceipt,
} from '../../psd-sim/messages/kinds.ts';
import { contentsOf, isSealFailure, seal, typeOf, unseal } from '../../psd-sim/messages/sealed.ts';
import { certificateIn } from '../../psd-sim/offices/certificate-authority.ts';
import { refusalIn } from '../../psd-sim/offices/office.ts';
import { publishedFiles } from '../../psd-sim/offices/publication.ts';
import type { CertifiedKey } from '../../psd-sim/offices/records.ts';
import { Psd } from '../../psd-sim/psd/psd.ts';
import { Random } from '../../psd-sim/random.ts';
import { parseCertificate } from '../../verify/x509/parse.ts';
import { certificateAuthorities, checkPath } from '../../verify/x509/path.ts';
import { jsonLines } from '../support/command-line.ts';
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
      seal(
        RefillRequest,
        { ...rolledBack, challenge: '2'.repeat(32), refillNumber: body.refillNumber + 1 },
        STRANGER.privateKey,
      ),
    );
    assert.equal(refusalIn(back), 'registers-went-back');
  });
});

describe('the postal authority', () => {
  it('grants what a manufacturer forwarded, once for each request, numbered', async (test) => {
    const post = await smallPost(test, {});
    const { authority, manufacturer } = post.offices;
    const request = seal(LicenseRequest, requestOf('06-2S-1'), STRANGER.privateKey);
    const forwarded = manufacturer.keys.seal(ForwardedRequest, { request, user: USER });
    const first = contentsOf(LicenseDocument, await authority.receive(forwarded));
    const again = contentsOf(LicenseDocument, await authority.receive(forwarded));
    assert.deepEqual(first, again);
    const noise = manufacturer.keys.seal(ForwardedRequest, { request: 'noise', user: USER });
    assert.equal(refusalIn(await authority.receive(noise)), 'malformed');
    assert.equal(authority.records.licenses.length, 1);
    const stranger = seal(ForwardedRequest, { request, user: USER }, STRANGER.privateKey);
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

  it('gives a license to PSDs of the user who has it, and to nobody who only names its holder', async (test) => {
    const post = await smallPost(test, {});
    const { host, psd } = post.newPsd();
    const license = await post.license(host, psd);
    const { hardware } = post.offices.makePsd({ manufacturer: '06', model: '2S', serial: 900 }, 2, 'a stranger');
    const stranger = new Psd(hardware);
    host.attach(stranger, 'his printer');
    assert.equal(await host.obtainLicense(stranger.name, { ...WISH, existingLicense: license }), 'not-the-holder');
  });

  it('notes that a set left service once, however often it is told', async (test) => {
    const texts: string[] = [];
    const post = await smallPost(test, {
      link: (link) => (message) => {
        texts.push(message);
        return link(message);
      },
    });
    const { host, psd } = post.newPsd();
    const license = await post.license(host, psd);
    await host.refill(psd, license, 2_000n);
    assert.equal(await host.withdraw(psd, license), 'withdrawn');
    const { manufacturer, authority } = post.offices;
    const statement = texts.at(-1) ?? '';
    assert.equal(typeOf(await manufacturer.receive(statement)), WithdrawalReceipt.type);
    assert.equal(authority.records.withdrawals.length, 1);
    assert.equal(manufacturer.balanceMills(USER), 1_000_000n, 'and pays its balance back once');
  });

  it('consents to no refill after the license has expired', async (test) => {
    const post = await smallPost(test, {});
    const { host, psd } = post.newPsd();
    const license = await post.license(host, psd);
    const { validToMs } = post.offices.authority.records.licenses[0] ?? { validToMs: 0 };
    post.offices.setTime(validToMs - 1);
    assert.equal(await host.refill(psd, license, 100n), 'refilled');
    post.offices.setTime(validToMs);
    assert.equal(await host.refill(psd, license, 100n), 'refill-refused');
  });

  it('refunds a mark that will not be mailed, once, and only a genuine one', async (test) => {
    const post = await smallPost(test, {});
    const { host, psd } = post.newPsd();
    const license = await post.license(host, psd);
    const other = await post.license(host, psd);
    await host.refill(psd, license, 5_000n);
    const printed = host.frank(psd, { license, postageMills: 730n, rateCategory: 101, destinationPostcode: null });
    assert.ok(typeof printed !== 'string');
    const { refunds, authority, certifier } = post.offices;
    const changed = (change: (mark: Buffer) => void) => {
      const mark = Buffer.from(printed.payload);
      change(mark);
      return mark;
    };
    const otherKey = certifier.keys.find((key) => key.license === other)?.keyId ?? 0;
    const dearer = changed((mark) => mark.writeUInt32BE(1_010, FIELDS.postageMills.offset));
    const crossed = changed((mark) => mark.writeUIntBE(otherKey, FIELDS.keyId.offset, 6));
    const unknown = changed((mark) => mark.writeUIntBE(9, FIELDS.keyId.offset, 6));
    assert.equal(refunds.refund(dearer), 'bad-signature');
    assert.equal(refunds.refund(crossed), 'unknown-key');
    assert.equal(refunds.refund(unknown), 'unknown-key');
    assert.equal(refunds.refund(printed.payload.subarray(1)), 'malformed');
    assert.equal(refunds.refund(printed.payload), 'refunded');
    assert.equal(refunds.refund(printed.payload), 'already-refunded');
    const refundedAtMs = post.offices.nowMs;
    assert.deepEqual(authority.records.refunds, [{ license, psd, pieceCount: '1', amountMills: 730, refundedAtMs }]);
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
    for (const spki of ['AAAA', 'A', key?.spki.slice(0, 40) ?? '']) {
      const request = seal(CertificateRequest, { psd, license, spki }, STRANGER.privateKey);
      const endorsed = post.offices.manufacturer.keys.seal(EndorsedCertificateRequest, { request });
      assert.equal(refusalIn(await post.offices.certifier.receive(endorsed)), 'malformed', spki);
    }
    const again = seal(CertificateRequest, { psd, license, spki: key?.spki ?? '' }, STRANGER.privateKey);
    const endorsedAgain = post.offices.manufacturer.keys.seal(EndorsedCertificateRequest, { request: again });
    const answers = [
      await post.offices.certifier.receive(endorsedAgain),
      await post.offices.certifier.receive(endorsedAgain),
    ];
    const stored = post.store.get(psd, license, 'certificate');
    assert.deepEqual(answers.map(certificateIn), [stored, stored]);
    for (const request of ['', 'noise', post.offices.manufacturer.timeMessage()]) {
      const noise = post.offices.manufacturer.keys.seal(EndorsedCertificateRequest, { request });
      assert.equal(refusalIn(await post.offices.certifier.receive(noise)), 'malformed');
    }
    assert.equal(post.offices.certifier.keys.length, 1);
    const stranger = seal(EndorsedCertificateRequest, { request: '' }, STRANGER.privateKey);
    assert.equal(refusalIn(await post.offices.certifier.receive(stranger)), 'bad-signature');
    assert.equal(certificateIn('{"type":"refused"}'), null);
  });

  it('has a stolen key replaced, vouched for by the manufacturer: nothing that it signed is good any more', async (test) => {
    const post = await smallPost(test, {});
    const { host, psd } = post.newPsd();
    const { manufacturer, authority } = post.offices;
    const license = await post.license(host, psd);
    assert.equal(host.moveOut(psd, license), 'moved-out');
    host.hearAnchor(authority.keys.rotate({ vouchedFor: manufacturer.keys.current }));
    host.tellNews(psd);
    assert.equal(host.moveIn(psd, license), 'license-not-signed');
  });

  it('publishes keys with their certificates, by its earlier key too, and those that it revoked', async (test) => {
    const post = await smallPost(test, {});
    const { host, psd } = post.newPsd();
    const { certifier, issuer, nowMs } = post.offices;
    await post.license(host, psd);
    await post.license(host, psd);
    host.hearAnchor(await issuer.rotate());
    await post.license(host, psd);
    const [early, revoked, late] = certifier.keys.map(({ keyId }) => keyId);
    certifier.revoke(revoked ?? 0, nowMs);
    certifier.reportCompromise(late ?? 0, nowMs - 5_000);
    assert.throws(() => certifier.revoke(77, nowMs), /key 77 was never certified/);
    const files = await publishedFiles(post.offices);
    const keys = jsonLines<CertifiedKey>(files.get('keys.ndjson') ?? '');
    const [one, two, three] = keys;
    assert.deepEqual([one?.keyId, two?.keyId, three?.keyId], [early, revoked, late]);
    assert.deepEqual([one?.revokedAtMs, two?.revokedAtMs, three?.compromisedFromMs], [null, nowMs, nowMs - 5_000]);
    const authorities = jsonLines<{ role: string; certificate: string }>(files.get('authorities.ndjson') ?? '');
    const of = (role: string) => {
      return authorities.filter((line) => line.role === role).map((line) => Buffer.from(line.certificate, 'base64'));
    };
    const trusted = certificateAuthorities(of('root'), of('issuer'), of('crl'));
    const certificates = jsonLines<{ keyId: number; certificate: string }>(files.get('certificates.ndjson') ?? '');
    const outcomes = certificates.map(({ keyId, certificate }) => {
      const parsed = parseCertificate(Buffer.from(certificate, 'base64'));
      assert.ok(parsed !== null);
      assert.equal(parsed.spki.toString('base64'), keys.find((key) => key.keyId === keyId)?.spki);
      return [keyId, checkPath(parsed, trusted, nowMs, nowMs)];
    });
    assert.deepEqual(outcomes, [
      [early, null],
      [revoked, 'certificate-revoked'],
      [late, null],
    ]);
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
