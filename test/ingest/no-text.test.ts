import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Scan } from '../../indicium/index.ts';
import { sidecarFields } from '../../ingest/drop/sidecar.ts';
import { openSource } from '../../ingest/index.ts';
import { problemWith } from '../../ingest/kafka/malformed-scans.ts';
import { readScanMessage, SCAN_HEADER } from '../../ingest/kafka/messages/scan-message.ts';
import { parseScanLines } from '../../scans/index.ts';
import { parseScanLine } from '../../scans/scan-line.ts';
import { ScanLinesBuilder } from '../../scans/scan-lines.ts';
import { parseJson, requestedScan } from '../../server/sorter/scan-request.ts';
import { deadlineOfLine } from '../../server/sorter/streams/stream-line.ts';
import { temporaryFolder } from '../support/temporary.ts';

const line = (bytes: Buffer) => ({ bytes, skippedDigest: null, endOffset: 0, isTerminated: true });

/** As a batch of a source, in which lines follow one another without anything between. */
function scansOf(lines: readonly Buffer[]): readonly Scan[] {
  const builder = new ScanLinesBuilder('scans.ndjson', { imageFolder: null });
  for (const bytes of lines) builder.add(line(bytes));
  return [...parseScanLines(builder.take(lines.length))];
}

const withId = (id: Uint8Array) => Buffer.concat([Buffer.from('{"payload":"AQID","scanId":"'), id, Buffer.from('"}')]);
/** No byte that JSON would take for the end of the text, an escape or a control character. */
const idBytes = fc
  .array(fc.oneof(fc.constantFrom(0x41, 0x42), fc.integer({ min: 0x80, max: 0xff })), { minLength: 1, maxLength: 6 })
  .map((bytes) => Buffer.from(bytes));
const NO_UTF8 = [Buffer.from([0xff]), Buffer.from([0xfe]), Buffer.from([0xc3]), Buffer.from([0xed, 0xa0, 0x80])];

describe('scan ids whose bytes are not text', () => {
  it('never become one where the bytes differ, whatever lines stand before and behind', () => {
    fc.assert(
      fc.property(fc.uniqueArray(idBytes, { minLength: 2, maxLength: 8, selector: String }), (ids) => {
        const unique = ids.filter((id, index) => ids.findIndex((other) => other.equals(id)) === index);
        const scans = scansOf(unique.map(withId));
        assert.equal(new Set(scans.map(({ scanId }) => scanId)).size, unique.length);
        assert.ok(
          scans.every(({ scanId }) => !scanId.includes('\ufffd') || unique.some((id) => id.includes('\ufffd'))),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('make a line malformed under its place, with the cause, and the lines beside it stay what they are', () => {
    const good = withId(Buffer.from('good'));
    for (const bad of NO_UTF8) {
      const [first, second, third] = scansOf([good, withId(bad), withId(Buffer.from('ü'))]);
      assert.deepEqual([first?.scanId, second?.scanId, third?.scanId], ['good', 'scans.ndjson:2', 'ü']);
      assert.deepEqual(second?.mark, { kind: 'none', reason: 'scan-malformed', detail: 'not UTF-8' });
    }
    const digests = NO_UTF8.map((bad) => scansOf([withId(bad)])[0]?.digest);
    assert.equal(new Set(digests).size, NO_UTF8.length, 'other bytes are another scan');
  });

  it('are found also where two lines together are text', () => {
    const [first, second] = scansOf([
      Buffer.concat([withId(Buffer.from('a')), Buffer.from([0xc3])]),
      Buffer.concat([Buffer.from([0xa9]), withId(Buffer.from('b'))]),
    ]);
    for (const scan of [first, second]) {
      assert.deepEqual(scan?.mark, { kind: 'none', reason: 'scan-malformed', detail: 'not UTF-8' });
    }
  });

  it('say nothing of a deadline, and are neither JSON of a request nor record of a message nor sidecar', async () => {
    for (const bad of NO_UTF8) {
      const bytes = Buffer.concat([Buffer.from('{"deadlineMs":9,"scanId":"'), bad, Buffer.from('"}')]);
      assert.equal(deadlineOfLine(line(bytes), { imageFolder: null }, 'place'), null);
      await assert.rejects(parseJson(bytes), /not UTF-8/);
      assert.equal(problemWith(bytes), 'not UTF-8');
      assert.equal(sidecarFields(bytes), undefined);
      const headers = { 'content-type': 'image/png', [SCAN_HEADER]: bytes };
      const message = readScanMessage({
        partition: 0,
        offset: 0n,
        key: null,
        value: Buffer.from('x'),
        headers,
        timestampMs: 0,
      });
      assert.deepEqual(message, { code: 'bad-scan-fields', detail: 'not UTF-8' });
    }
  });

  it('are refused over HTTP with the cause, and not changed', () => {
    const origin = { imageFolder: null };
    const request = (scanId: string) => requestedScan(JSON.parse(`{"scanId":"${scanId}","payload":"AQID"}`), origin);
    assert.equal(request('a\\ud83d\\ude00').scan.scanId, 'a😀');
    for (const half of ['\\ud800', 'a\\udfff', '\\udc00\\ud800', '\\ud800\\ud800']) {
      assert.throws(() => request(half), /\/scanId holds half of a surrogate pair/);
    }
  });
});

describe('half of a surrogate pair in a field that only describes a scan', () => {
  for (const field of ['plant', 'machine', 'mailpieceId', 'destination']) {
    it(`is not read as ${field}, and kept as it came`, () => {
      const parse = (value: string) => {
        return parseScanLine(JSON.stringify({ scanId: 'a', payload: 'AQID', [field]: value }), {
          imageFolder: null,
          fallbackId: () => 'place',
        });
      };
      const [one, other] = [parse('x\ud800'), parse('x\ud801')];
      for (const scan of [one, other]) {
        assert.equal(Object.entries(scan).find(([name]) => name === field)?.[1], null);
        assert.equal(scan.mark.kind, 'payload');
      }
      assert.deepEqual(JSON.parse(one.extra ?? ''), { [field]: 'x\ud800' });
      assert.deepEqual(JSON.parse(other.extra ?? ''), { [field]: 'x\ud801' });
      assert.ok(one.extra?.isWellFormed());
    });
  }
});

describe('names of files that are not text', () => {
  it('are scans of their own in a folder of images, and end no run', async (test) => {
    const folder = await temporaryFolder(test);
    await mkdir(join(folder, 'below'));
    for (const bad of [0xff, 0xfe]) {
      for (const place of ['', 'below/']) {
        const path = Buffer.concat([Buffer.from(`${folder}/${place}a`), Buffer.from([bad]), Buffer.from('.png')]);
        await writeFile(path, 'x');
      }
    }
    await writeFile(join(folder, 'ü.png'), 'x');
    const scans: Scan[] = [];
    for await (const batch of (await openSource(folder, Readable.from([]))).batches(null)) {
      if (!('text' in batch.scans)) scans.push(...batch.scans);
    }
    assert.equal(new Set(scans.map(({ scanId }) => scanId)).size, 5);
    const refused = scans.filter(({ mark }) => mark.kind === 'none' && mark.reason === 'image-refused');
    assert.equal(refused.length, 4);
    assert.ok(scans.some(({ mark }) => mark.kind === 'image' && mark.path.endsWith('/ü.png')));
  });

  it('of long paths with one end do not make one place of two', () => {
    const placed = (label: string) => {
      const builder = new ScanLinesBuilder(label, { imageFolder: null });
      builder.add(line(Buffer.from('broken')));
      return [...parseScanLines(builder.take(1))][0]?.scanId ?? '';
    };
    const [one, other] = [placed(`/a/${'x/'.repeat(200)}s`), placed(`/b/${'x/'.repeat(200)}s`)];
    assert.notEqual(one, other);
    for (const cut of ['', 'x', 'xx']) {
      const id = placed(`${'😀'.repeat(200)}${cut}`);
      assert.ok(id.isWellFormed() && id.length <= 256, id);
    }
    assert.equal(placed('/short/s'), '/short/s:1');
  });
});
