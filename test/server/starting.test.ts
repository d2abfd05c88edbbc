import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freePort } from '../support/guide-folder.ts';
import { postJson, sentScan, serverIn } from '../support/sorter-server.ts';

describe('a server that is not ready yet', () => {
  it('says that it is starting, and how far it is, and never that its disk is full', async (test) => {
    const first = await serverIn(test);
    const scans = Array.from({ length: 300 }, () => sentScan(first.world.frank()));
    const answered = await postJson(first.url, '/v1/verdicts:batch', { scans });
    assert.equal(answered.status, 200);
    await first.service.stop();

    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const codes = new Set<string>();
    const told = new Set<string>();
    let isReady = false;
    const asking = (async () => {
      while (!isReady) {
        const posted = await postJson(url, '/v1/verdicts', sentScan(first.world.frank())).catch(() => null);
        if (posted?.status === 503) {
          const { code, detail } = JSON.parse(await posted.text());
          codes.add(code);
          assert.ok(posted.headers.get('retry-after') !== null, detail);
        }
        const probed = await fetch(`${url}/readyz`).catch(() => null);
        if (probed !== null && probed.status !== 200) told.add(JSON.parse(await probed.text()).checks.store.detail);
      }
    })();
    const second = await serverIn(test, { db: first.db, registry: first.registry, port });
    isReady = true;
    await asking;
    assert.deepEqual([...codes], ['starting']);
    assert.ok(told.size > 0);
    for (const detail of told) assert.match(detail, /^starting: /);
    assert.equal((await fetch(`${second.url}/readyz`)).status, 200);
  });
});
