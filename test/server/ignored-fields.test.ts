import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Answer } from '../../api/schemas.ts';
import { SmallWorld } from '../support/marks.ts';
import { filesOf, publishedRegistry } from '../support/published.ts';
import { type LocalServer, postJson, sentScan, serverIn, suiteScope } from '../support/sorter-server.ts';
import { WRONG_FIELDS, withField } from '../support/wrong-fields.ts';

type Ignored = Answer['ignoredFields'];

const PAYLOAD = Buffer.from('no indicium');
/** What a server answered, which a test of the verdicts holds to its schema. */
async function jsonOf<Value>(response: Response): Promise<Value> {
  return JSON.parse(await response.text());
}

/** A scan whose fields are right, but for one that is written as given. */
function scanText(field: string, value: string): string {
  return withField({ ...sentScan(PAYLOAD) }, field, value);
}

describe('fields that were given and not used', () => {
  let server: LocalServer;
  const scope = suiteScope();
  before(async () => {
    server = await serverIn(scope);
  });

  /** Every way in takes JSON of the same record. */
  const ways: Readonly<Record<string, (scan: string) => Promise<Ignored | undefined>>> = {
    'one scan': async (scan) => {
      const answer = await jsonOf<Answer>(await postJson(server.url, '/v1/verdicts', scan));
      return answer.ignoredFields;
    },
    'a batch': async (scan) => {
      const batch = await postJson(server.url, '/v1/verdicts:batch', `{"scans":[${scan}]}`);
      const { verdicts } = await jsonOf<{ verdicts: Answer[] }>(batch);
      return verdicts[0]?.ignoredFields;
    },
    'a stream': async (scan) => {
      const headers = { 'content-type': 'application/x-ndjson' };
      const response = await postJson(server.url, '/v1/verdicts:stream', `${scan}\n`, headers);
      const answer: Answer = JSON.parse((await response.text()).split('\n')[0] ?? '');
      return answer.ignoredFields;
    },
    'a form': async (scan) => {
      const { payload, ...fields } = JSON.parse(scan);
      const form = new FormData();
      form.set('scan', new Blob([scan.replace(`"payload":${JSON.stringify(payload)},`, '')]));
      form.set('payload', new Blob([Buffer.from(payload, 'base64')]));
      assert.ok('scanId' in fields);
      const request = { method: 'POST', body: form, headers: { 'indicia-request': '1' } };
      const answer = await jsonOf<Answer>(await fetch(`${server.url}/v1/verdicts`, request));
      return answer.ignoredFields;
    },
  };

  for (const [way, send] of Object.entries(ways)) {
    it(`are named in the answer to ${way}, whatever is wrong with them`, async () => {
      for (const [field, value, problem] of WRONG_FIELDS) {
        assert.deepEqual(await send(scanText(field, value)), [{ field, problem }], `${field}: ${value}`);
      }
      const right = JSON.stringify(sentScan(PAYLOAD, { pass: 'origin', weightGrams: 20 }));
      assert.deepEqual(await send(right), []);
      assert.deepEqual(await send(scanText('mailpieceId', '31040001234567890123')), [], 'digits are taken as written');
      assert.deepEqual(await send(scanText('mailpieceId', '""')), [], 'an empty text says that there is none');
    });
  }

  it('are named where a scan comes in headers', async () => {
    const headers = {
      'content-type': 'application/octet-stream',
      'indicia-scan-id': 'in-headers',
      'indicia-scanned-at': '2026-11-20T10:03:00',
      'indicia-pass': 'outbound',
      'indicia-weight-grams': 'heavy',
    };
    const response = await fetch(`${server.url}/v1/verdicts`, { method: 'POST', headers, body: PAYLOAD });
    const { ignoredFields } = await jsonOf<Answer>(response);
    assert.deepEqual(ignoredFields, [
      { field: 'scannedAt', problem: 'no-zone' },
      { field: 'pass', problem: 'unknown-pass' },
      { field: 'weightGrams', problem: 'not-grams' },
    ]);
  });

  it('are named again where the scan comes again, and where its verdict is looked up', async () => {
    const text = scanText('weightGrams', '"20"');
    const expected = [{ field: 'weightGrams', problem: 'not-grams' }];
    const { scanId } = JSON.parse(text);
    for (const isRepeated of [false, true]) {
      const answer = await jsonOf<Answer>(await postJson(server.url, '/v1/verdicts', text));
      assert.deepEqual([answer.repeated, answer.ignoredFields], [isRepeated, expected]);
    }
    const stored = await jsonOf<Answer>(await fetch(`${server.url}/v1/verdicts/${encodeURIComponent(scanId)}`));
    assert.deepEqual(stored.ignoredFields, expected);
  });

  it('are counted in the metrics', async () => {
    const count = async () => {
      const text = await (await fetch(`${server.url}/metrics`)).text();
      return Number(
        /^indicia_ignored_fields_total\{field="pass",problem="unknown-pass"\} (\d+)$/m.exec(text)?.[1] ?? 0,
      );
    };
    const before = await count();
    await ways['one scan']?.(scanText('pass', '"outbound"'));
    assert.equal(await count(), before + 1);
  });

  it('do not include a key that stands twice, which is refused by name', async () => {
    const scan = scanText('plant', '"06484","plant":"10001"');
    const refused = await postJson(server.url, '/v1/verdicts', scan);
    const { detail, code } = await jsonOf<{ detail: string; code: string }>(refused);
    assert.deepEqual([code, detail], ['bad-request', 'the key "plant" is there twice']);
  });

  it('do not come of a byte order mark before the body', async () => {
    const response = await postJson(server.url, '/v1/verdicts', `\u{feff}${JSON.stringify(sentScan(PAYLOAD))}`);
    assert.equal(response.status, 200, await response.text());
  });
});

describe('a time without a zone', () => {
  const scope = suiteScope();

  it('is that of its plant, where the registry tells the zone of the plant', async () => {
    const { records } = new SmallWorld(2, 2);
    const plants = [{ plant: '06484', postcode: '06443', timeZone: 'America/New_York' }];
    const registry = await publishedRegistry(scope, filesOf({ ...records, plants }));
    const server = await serverIn(scope, { registry });
    const send = async (change: Record<string, unknown>): Promise<Ignored> => {
      const answer = await jsonOf<Answer>(await postJson(server.url, '/v1/verdicts', sentScan(PAYLOAD, change)));
      return answer.ignoredFields;
    };
    assert.deepEqual(await send({ scannedAt: '2026-11-20T10:03:00' }), []);
    const noZone = [{ field: 'scannedAt', problem: 'no-zone' }];
    assert.deepEqual(await send({ scannedAt: '2026-11-20T10:03:00', plant: '10001' }), noZone, 'another plant');
    assert.deepEqual(await send({ scannedAt: '2026-11-01T01:30:00' }), noZone, 'the clock shows it twice');
  });
});
