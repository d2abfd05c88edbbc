import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { SmallWorld } from '../support/marks.ts';
import { filesOf, publishedRegistry } from '../support/published.ts';
import { openStream } from '../support/scan-stream-client.ts';
import { postJson, type ServerProcess, sentScan, serveProcess, suiteScope } from '../support/sorter-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

const MIB = 2 ** 20;
/** Sizes at which payloads broke the server, and those around the bound of a line and of a body. */
const STREAM_SIZES = [4 * MIB, 5 * MIB, 6 * MIB - 200, 6 * MIB + 1];
const BODY_SIZES = [4 * MIB, 5 * MIB, 11_800_000, 12 * MIB - 100, 12 * MIB + 1];

describe('a server, in a process of its own, that is sent base64 of any length with a wrong end', () => {
  const scope = suiteScope();
  const world = new SmallWorld(2, 2);
  let server: ServerProcess;
  before(async () => {
    const registry = await publishedRegistry(scope, filesOf(world.records));
    const db = join(await temporaryFolder(scope), 'store.duckdb');
    server = await serveProcess(scope, [
      '--db',
      db,
      '--registry',
      registry,
      '--no-auth',
      '--port',
      '0',
      '--workers',
      '1',
    ]);
  });

  const isWell = async () => {
    const answer = await postJson(server.url, '/v1/verdicts', sentScan(world.frank()));
    assert.equal(JSON.parse(await answer.text()).disposition, 'accept');
    assert.equal(server.child.exitCode, null, server.stderr());
  };
  const codesOf = (answer: Record<string, unknown>) =>
    Array.isArray(answer.reasons) ? answer.reasons.map(({ code }) => code).join() : String(answer.code);

  it('answers each line, and an honest one on another connection', async () => {
    for (const field of ['payload', 'imageBase64']) {
      for (const size of STREAM_SIZES) {
        const stream = await openStream(server.url);
        const scanId = `${field} ${size}`;
        stream.send(`{"scanId":"${scanId}","${field}":"${'A'.repeat(size)}*"}`);
        const [answer = {}] = await stream.next(1);
        assert.equal(codesOf(answer), 'scan-malformed', scanId);
        if (size < 6 * MIB) assert.equal(answer.scanId, scanId);
        stream.request.end();
        await isWell();
      }
    }
  });

  it('answers each body, and the next request', async () => {
    for (const field of ['payload', 'imageBase64']) {
      for (const size of BODY_SIZES) {
        const body = `{"scanId":"body ${field} ${size}","${field}":"${'A'.repeat(size)}*"}`;
        const response = await postJson(server.url, '/v1/verdicts', body);
        const answer = JSON.parse(await response.text());
        assert.equal(codesOf(answer), size > 12 * MIB ? 'body-too-large' : 'scan-malformed', `${field} ${size}`);
      }
    }
    await isWell();
  });

  it('says of payloads that are base64 and too long just that, and tells two of them apart', async () => {
    const send = async (letter: string, scanId: string) => {
      const payload = letter.repeat(5 * MIB);
      const response = await postJson(server.url, '/v1/verdicts', JSON.stringify({ scanId, payload }));
      const answer = JSON.parse(await response.text());
      return `${codesOf(answer)}${answer.repeated === true ? ' again' : ''}`;
    };
    assert.equal(await send('A', 'long'), 'payload-too-long');
    assert.equal(await send('A', 'long'), 'payload-too-long again');
    assert.equal(await send('B', 'long'), 'payload-too-long,scan-id-reused');
    await isWell();
  });
});
