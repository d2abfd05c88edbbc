import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Answer } from '../../api/schemas.ts';
import { type LocalServer, postJson, sentScan, serverIn, suiteScope } from '../support/sorter-server.ts';

async function answerIn(response: Response): Promise<Answer> {
  return JSON.parse(await response.text());
}

describe('checks that a server could not make', () => {
  let server: LocalServer;
  const scope = suiteScope();
  before(async () => {
    server = await serverIn(scope);
  });
  const sent = async (scan: unknown) => answerIn(await postJson(server.url, '/v1/verdicts', scan));
  const all = { pass: 'origin', destination: '06443', weightGrams: 20 };

  it('is an empty list for a scan with every field', async () => {
    const { disposition, unchecked } = await sent(sentScan(server.world.frank(), all));
    assert.deepEqual([disposition, unchecked], ['accept', []]);
  });

  it('are named in its answer, when it comes again, and when its verdict is looked up', async () => {
    const scan = sentScan(server.world.frank(), { ...all, scannedAt: undefined, mailpieceId: undefined });
    const expected = ['date', 'mailpiece'];
    for (const isRepeated of [false, true]) {
      const { repeated, unchecked } = await sent(scan);
      assert.deepEqual([repeated, unchecked], [isRepeated, expected]);
    }
    const stored = await fetch(`${server.url}/v1/verdicts/${encodeURIComponent(scan.scanId)}`);
    assert.deepEqual((await answerIn(stored)).unchecked, expected);
  });

  it('are not named where the mark is not genuine, whose reason says why', async () => {
    const { reasons, unchecked } = await sent(sentScan(Buffer.from('no indicium'), { scannedAt: undefined }));
    assert.deepEqual([reasons.map(({ code }) => code), unchecked], [['unknown-version'], []]);
  });

  it('are counted in the metrics, by the check', async () => {
    const count = async () => {
      const text = await (await fetch(`${server.url}/metrics`)).text();
      return Number(/^indicia_unchecked_total\{check="weight"\} (\d+)$/m.exec(text)?.[1] ?? 0);
    };
    const before = await count();
    await sent(sentScan(server.world.frank(), { ...all, weightGrams: undefined }));
    assert.equal(await count(), before + 1);
  });
});
