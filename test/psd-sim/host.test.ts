import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { type Indicium, parseIndicium } from '../../indicium/index.ts';
import type { Printed } from '../../psd-sim/host/host.ts';
import { BODY_BYTES_MAX, HttpWires, post as sendText } from '../../psd-sim/offices/http.ts';
import { type Link, refusalIn } from '../../psd-sim/offices/office.ts';
import { smallPost, TOWN, USER } from '../support/small-post.ts';

const PIECE = { postageMills: 730n, rateCategory: 101, destinationPostcode: '06443' };
const WISH = { holder: USER, town: TOWN.name, depositPostcode: TOWN.postcode, existingLicense: null };

function markOf(printed: Printed | string): Indicium {
  assert.ok(typeof printed !== 'string', String(printed));
  const parsed = parseIndicium(printed.payload);
  assert.ok('indicium' in parsed);
  return parsed.indicium;
}

describe('a host', () => {
  it('obtains a license by the whole exchange of Fig. 4, and keeps license and certificate as files', async (test) => {
    const post = await smallPost(test, {});
    const { host, psd } = post.newPsd();
    const license = await post.license(host, psd);
    assert.equal(host.sets(psd)[0]?.license, license);
    for (const kind of ['license', 'certificate'] as const) {
      assert.ok((await readFile(post.store.pathOf(psd, license, kind), 'utf8')).length > 300, kind);
    }
    const { grants, licenses } = post.offices.authority.records;
    assert.deepEqual(grants, [{ license, psd, grantedAtMs: post.offices.nowMs, endedAtMs: null }]);
    assert.deepEqual(
      licenses.map(({ holder, depositPostcode }) => [holder, depositPostcode]),
      [[USER, TOWN.postcode]],
    );
  });

  it('does all of it over HTTP on the loopback interface just the same', async (test) => {
    const wires = new HttpWires();
    test.after(() => wires.close());
    const post = await smallPost(test, { wire: wires.wire, link: (link) => wires.wire('host', 'manufacturer', link) });
    const { host, psd } = post.newPsd();
    const license = await post.license(host, psd);
    assert.equal(await host.refill(psd, license, 2_000n), 'refilled');
    assert.equal(typeof host.frank(psd, { license, ...PIECE }), 'object');
    assert.equal(await host.audit(psd, license), 'audited');
    assert.equal(await host.withdraw(psd, license), 'withdrawn');
    assert.equal(post.offices.manufacturer.balanceMills(USER), 1_000_000n - 730n);
  });

  it('moves a register set to its disk and back, epoch raised, money and counters kept (Fig. 5, claims 4 and 5)', async (test) => {
    const post = await smallPost(test, { registerSets: 1 });
    const { host, psd } = post.newPsd();
    const first = await post.license(host, psd);
    await host.refill(psd, first, 2_000n);
    host.frank(psd, { license: first, ...PIECE });
    assert.equal(await host.obtainLicense(psd, WISH), 'memory-full');
    assert.equal(host.moveOut(psd, first), 'moved-out');
    assert.equal(host.frank(psd, { license: first, ...PIECE }), 'no-such-license');
    const second = await post.license(host, psd);
    assert.equal(host.moveIn(psd, first), 'memory-full');
    assert.equal(host.moveOut(psd, second), 'moved-out');
    assert.equal(host.moveIn(psd, first), 'moved-in');
    const [set] = host.sets(psd);
    assert.deepEqual([set?.pieceCount, set?.ascendingMills, set?.descendingMills, set?.epoch], [1n, 730n, 1_270n, 2]);
    assert.equal(host.moveIn(psd, first), 'not-stored');
    assert.equal(await host.refill(psd, first, 500n), 'refilled');
    const mark = markOf(host.frank(psd, { license: first, ...PIECE }));
    assert.deepEqual([mark.pieceCount, mark.ascendingMills, mark.descendingMills, mark.epoch], [2n, 1_460, 1_040, 2]);
  });

  it('franks on the second of two PSDs under one license when the first is low on funds or away (claim 6)', async (test) => {
    const post = await smallPost(test, {});
    const host = post.newHost();
    const { psd: first } = post.newPsd(host, 'left printer');
    const { psd: second } = post.newPsd(host, 'right printer');
    const license = await post.license(host, first);
    await post.license(host, second, license);
    await host.refill(first, license, 800n);
    await host.refill(second, license, 5_000n);
    const printed = ['low', 'away'].map((state) => {
      if (state === 'away') host.detach(first);
      return host.frankUnder({ license, ...PIECE });
    });
    const where = [host.frankUnder({ license, ...PIECE }), ...printed];
    const used = where.map((piece) => (typeof piece === 'string' ? piece : [piece.psd, piece.printer]));
    assert.deepEqual(used, [
      [second, 'right printer'],
      [first, 'left printer'],
      [second, 'right printer'],
    ]);
    // In the order of printing: each PSD names itself beside the license, and counts what it printed itself.
    const marks = [...printed, where[0] ?? ''].map(markOf);
    assert.ok(marks.every((mark) => mark.license === license));
    assert.deepEqual(
      marks.map(({ psd, pieceCount, ascendingMills }) => [psd, pieceCount, ascendingMills]),
      [
        [first, 1n, 730],
        [second, 1n, 730],
        [second, 2n, 1_460],
      ],
    );
  });

  it('may have one printer for both PSDs (claim 7)', async (test) => {
    const post = await smallPost(test, {});
    const host = post.newHost();
    const psds = [post.newPsd(host, 'the printer').psd, post.newPsd(host, 'the printer').psd];
    const license = await post.license(host, psds[0] ?? '');
    await post.license(host, psds[1] ?? '', license);
    for (const psd of psds) {
      await host.refill(psd, license, 1_000n);
      const piece = host.frank(psd, { license, ...PIECE });
      assert.ok(typeof piece !== 'string');
      assert.deepEqual([piece.psd, piece.printer], [psd, 'the printer']);
    }
  });

  it('replaces a PSD under the same license: the balance comes back, the counters stay used', async (test) => {
    const post = await smallPost(test, { psdLimit: 1 });
    const host = post.newHost();
    const { psd: old } = post.newPsd(host);
    const { psd: successor } = post.newPsd(host);
    const license = await post.license(host, old);
    await host.refill(old, license, 2_000n);
    host.frank(old, { license, ...PIECE });
    assert.equal(await host.obtainLicense(successor, { ...WISH, existingLicense: license }), 'psd-limit-reached');
    assert.equal(await host.withdraw(old, license), 'withdrawn');
    assert.equal(await host.obtainLicense(successor, { ...WISH, existingLicense: license }), license);
    assert.equal(post.offices.manufacturer.balanceMills(USER), 1_000_000n - 730n);
    const [withdrawal] = post.offices.authority.records.withdrawals;
    assert.deepEqual(
      [withdrawal?.pieceCount, withdrawal?.ascendingMills, withdrawal?.returnedMills],
      ['1', 730, 1_270],
    );
    await host.withdraw(successor, license);
    assert.equal(await host.obtainLicense(old, { ...WISH, existingLicense: license }), 'already-withdrawn');
  });

  it('has a license signed anew when its set was away while the offices replaced their keys three times', async (test) => {
    const post = await smallPost(test, {});
    const { host, psd } = post.newPsd();
    const license = await post.license(host, psd);
    await host.refill(psd, license, 2_000n);
    assert.equal(host.moveOut(psd, license), 'moved-out');
    for (let times = 0; times < 3; times++) host.hearAnchor(post.offices.authority.keys.rotate());
    host.tellNews(psd);
    assert.equal(host.moveIn(psd, license), 'license-not-signed');
    const { existingLicense: _, ...terms } = WISH;
    assert.equal(await host.renewLicense(psd, license, terms), 'renewed');
    assert.equal(host.moveIn(psd, license), 'moved-in');
    assert.equal(host.sets(psd)[0]?.descendingMills, 2_000n);
  });

  it('calls a move off: the copy on the disk is worth nothing from then on', async (test) => {
    const post = await smallPost(test, {});
    const { host, psd } = post.newPsd();
    const license = await post.license(host, psd);
    await host.refill(psd, license, 2_000n);
    const exported = host.psd(psd).receive({ type: 'export', license });
    assert.ok(exported.type === 'exported');
    assert.equal(host.cancelMove(psd, license), 'canceled');
    post.store.put(psd, license, 'registers', exported.exportedSet);
    assert.equal(host.moveIn(psd, license), 'not-exported');
    assert.equal(typeof host.frank(psd, { license, ...PIECE }), 'object');
  });

  it('is told that a message is too long, and that nobody is there', async (test) => {
    const wires = new HttpWires();
    const post = await smallPost(test, { link: (link) => wires.wire('host', 'manufacturer', link) });
    const { host, psd } = post.newPsd();
    const license = await post.license(host, psd);
    const [address] = await wires.addresses();
    const url = `http://127.0.0.1:${address?.port}/`;
    assert.equal(address?.address, '127.0.0.1', 'on the loopback interface only');
    assert.equal(refusalIn(await sendText(url, ' '.repeat(BODY_BYTES_MAX))), 'unknown-message');
    assert.equal(refusalIn(await sendText(url, ' '.repeat(BODY_BYTES_MAX + 1))), 'malformed');
    await wires.close();
    assert.equal(await host.refill(psd, license, 100n), 'link-failed');
  });

  it('is not brought down, nor its offices, by somebody who hangs up in the middle of a message', async (test) => {
    const wires = new HttpWires();
    test.after(() => wires.close());
    const post = await smallPost(test, { link: (link) => wires.wire('host', 'manufacturer', link) });
    const { host, psd } = post.newPsd();
    await post.license(host, psd);
    const [address] = await wires.addresses();
    assert.ok(address !== undefined);
    const socket = connect(address.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf');
    socket.destroy();
    await once(socket, 'close');
    assert.equal(typeof (await post.license(host, psd)), 'number');
  });

  it('says that a link failed, and gets everything once when it asks again', async (test) => {
    let fails = false;
    const link =
      (direct: Link): Link =>
      async (message) => {
        const answer = await direct(message);
        return fails ? '' : answer;
      };
    const post = await smallPost(test, { link });
    const { host, psd } = post.newPsd();
    const license = await post.license(host, psd);
    fails = true;
    assert.equal(await host.refill(psd, license, 2_000n), 'link-failed');
    assert.equal(await host.withdraw(psd, license), 'refill-under-way');
    fails = false;
    assert.equal(await host.refill(psd, license, 2_000n), 'refilled');
    assert.equal(host.sets(psd)[0]?.descendingMills, 2_000n);
    assert.equal(post.offices.manufacturer.balanceMills(USER), 998_000n);
    assert.equal(post.offices.authority.records.funds.length, 1);
  });
});
