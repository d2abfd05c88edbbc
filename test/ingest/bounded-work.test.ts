import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, it, mock } from 'node:test';
import fc from 'fast-check';
import { ProblemError } from '../../api/problems.ts';
import { GatheredBytes } from '../../scans/gathered-bytes.ts';
import { parseScanLines } from '../../scans/index.ts';
import { isFault } from '../../scans/scan-faults.ts';
import { scanOfRecord } from '../../scans/scan-line.ts';
import { ScanLinesBuilder } from '../../scans/scan-lines.ts';
import { BodyBudget, readBody } from '../../server/body.ts';
import { MULTIPART_BOUNDARY_CHARS_MAX, MULTIPART_HEAD_BYTES_MAX } from '../../server/limits.ts';
import { excessOf } from '../../server/sorter/json-bounds.ts';
import { parseMultipart } from '../../server/sorter/multipart.ts';
import { RecordedDrops } from '../support/dropped.ts';
import { temporaryFolder } from '../support/temporary.ts';

const MIB = 2 ** 20;

describe('the bounds on JSON', () => {
  const bounds = { levelsMax: 3, valuesMax: 6 };

  /** The same, by a parser that has no bounds. */
  function excessBySize(value: unknown): { levels: number; values: number } {
    if (typeof value !== 'object' || value === null) return { levels: 0, values: 0 };
    const inner = Object.values(value).map(excessBySize);
    return {
      levels: 1 + Math.max(0, ...inner.map(({ levels }) => levels)),
      values: 1 + Math.max(0, inner.length - 1) + inner.reduce((total, { values }) => total + values, 0),
    };
  }

  it('are those of what the JSON stands for, however its texts are escaped', () => {
    const text = fc.string({ unit: fc.constantFrom('"', '\\', '{', '[', ',', 'a', 'é'), maxLength: 6 });
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        text,
        fc.integer(),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(text, tie('value'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(value, (any) => {
        const { levels, values } = excessBySize(any);
        const found = excessOf(Buffer.from(JSON.stringify(any)), bounds);
        assert.equal(found === null, levels <= bounds.levelsMax && values <= bounds.valuesMax);
      }),
      { numRuns: 2_000 },
    );
  });

  it('hold for strings with nothing between them, which no comma counts', () => {
    assert.equal(excessOf(Buffer.from(`[${'""'.repeat(100)}`), bounds), 'values');
    assert.equal(excessOf(Buffer.from('["a","b","c","d","e"]'), bounds), null);
  });

  it('are found in a text of escaped quotes without a search for each of them', () => {
    const searches = mock.method(Buffer.prototype, 'indexOf');
    try {
      excessOf(Buffer.from(`{"a":"${'\\"'.repeat(10_000)}"}`), bounds);
      assert.ok(searches.mock.callCount() < 10, `${searches.mock.callCount()} searches`);
    } finally {
      searches.mock.restore();
    }
  });
});

describe('bytes that come in chunks', () => {
  it('are all there in the end, in their order, however they are cut', () => {
    const chunk = fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 900, size: 'max' }), (chunks) => {
        const gathered = new GatheredBytes();
        for (const one of chunks) gathered.add(one);
        const whole = Buffer.concat(chunks);
        assert.equal(gathered.length, whole.length);
        assert.ok(gathered.take().equals(whole));
        assert.equal(gathered.length, 0);
      }),
      { numRuns: 50 },
    );
  });

  it('take no more memory in chunks of one byte than thrice their number', async () => {
    const request = Object.assign(new PassThrough(), { headers: {} });
    const body = readBody(request, 8 * MIB, new BodyBudget().shareOf('a'));
    const before = process.memoryUsage();
    let peak = 0;
    const block = Buffer.alloc(MIB, 'x');
    for (let at = 0; at < 4 * MIB; at++) {
      request.emit('data', block.subarray(at % MIB, (at % MIB) + 1));
      if (at % MIB === 0) {
        const { heapUsed, arrayBuffers } = process.memoryUsage();
        peak = Math.max(peak, heapUsed + arrayBuffers - before.heapUsed - before.arrayBuffers);
      }
    }
    request.emit('end');
    assert.equal((await body)?.length, 4 * MIB);
    // 4 million chunks that are kept have 600 MB; a collector that is late may leave some of those that are not.
    assert.ok(peak < 200 * MIB, `${Math.round(peak / MIB)} MiB`);
  });
});

describe('a multipart body', () => {
  const form = (boundary: string) => `multipart/form-data; boundary=${boundary}`;

  it('of another writer is read as it was written', async () => {
    const contents = fc.uint8Array({ maxLength: 300 }).map((bytes) => Uint8Array.from(bytes));
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.constantFrom('scan', 'image', 'payload', 'other'), { minLength: 1 }),
        contents,
        async (names, bytes) => {
          const data = new FormData();
          for (const name of names) data.set(name, new Blob([bytes, '\r\n--']), 'file "one".png');
          const written = new Response(data);
          const contentType = written.headers.get('content-type') ?? '';
          const parts = parseMultipart(Buffer.from(await written.arrayBuffer()), contentType);
          assert.deepEqual(
            parts.map(({ name }) => name),
            names,
          );
          for (const part of parts) assert.deepEqual(part.bytes, Buffer.concat([bytes, Buffer.from('\r\n--')]));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('may have its parameters in any order, quoted or not, and lines before the first boundary', () => {
    const body = Buffer.from(
      'hello\r\n--b c \r\nX: y\r\nContent-Disposition: form-data; filename="a;name=\\"x"; name=scan\r\n\r\n{}\r\n--b c--\r\nbye',
    );
    assert.deepEqual(parseMultipart(body, 'multipart/form-data; charset=utf-8; boundary="b c"'), [
      { name: 'scan', bytes: Buffer.from('{}') },
    ]);
  });

  it('is refused, not worked through, where it has more of anything than two parts need', () => {
    const part = (head: string) => `--b\r\n${head}\r\n\r\nx\r\n`;
    const named = 'content-disposition: form-data; name="a"';
    const cases: [string, string, RegExp][] = [
      ['parts', `${part(named).repeat(100_000)}--b--`, /more than 8 parts/],
      ['headers', `--b\r\n${'a:b\r\n'.repeat(MIB)}\r\nx\r\n--b--`, /without an empty line/],
      [
        'a long name',
        part(`${named}${'a'.repeat(MULTIPART_HEAD_BYTES_MAX)}`),
        /its end is missing|without an empty line/,
      ],
      ['no end', part(named), /its end is missing/],
      ['no name', `${part('content-disposition: form-data')}--b--`, /without a name/],
      ['no headers', '--b\r\n\r\n--b--', /./],
    ];
    const searches = mock.method(Buffer.prototype, 'indexOf');
    for (const [what, body, message] of cases) {
      assert.throws(() => parseMultipart(Buffer.from(body), form('b')), { name: 'ProblemError', message }, what);
    }
    assert.ok(searches.mock.callCount() < 60);
    searches.mock.restore();
    const long = 'b'.repeat(MULTIPART_BOUNDARY_CHARS_MAX + 1);
    const refused = () => parseMultipart(Buffer.from(`--${long}--`), form(long));
    assert.throws(refused, (error) => error instanceof ProblemError && error.message.length < 400);
    assert.deepEqual(parseMultipart(Buffer.from(`--${long.slice(1)}--`), form(long.slice(1))), []);
  });
});

describe('a scan at which this program throws while it is made', () => {
  const broken = () => {
    throw new RangeError('Maximum call stack size exceeded');
  };

  it('is malformed, under its own id, and the lines beside it are read', () => {
    const builder = new ScanLinesBuilder('test', { imageFolder: null });
    const lines = ['{"scanId":"a"}', '{"scanId":"b","scannedAt":"2026-11-22T07:16:01Z"}', '{"scanId":"c"}'];
    for (const line of lines) {
      builder.add({ bytes: Buffer.from(line), skippedDigest: null, endOffset: 0, isTerminated: true });
    }
    const parse = mock.method(Date, 'parse', broken);
    const scans = [...parseScanLines(builder.take(lines.length))];
    parse.mock.restore();
    assert.deepEqual(
      scans.map(({ scanId, mark }) => [scanId, mark.kind === 'none' ? mark.reason : mark.kind]),
      [
        ['a', 'scan-incomplete'],
        ['b', 'scan-malformed'],
        ['c', 'scan-incomplete'],
      ],
    );
    const [, b] = scans;
    assert.ok(b !== undefined && isFault(b) && b.mark.kind === 'none');
    assert.match(b.mark.detail, /RangeError: Maximum call stack/);
  });

  it('is malformed even where nothing but its line is known', () => {
    const builder = new ScanLinesBuilder('test', { imageFolder: null });
    builder.add({ bytes: Buffer.from('{"scanId":"a"}'), skippedDigest: null, endOffset: 0, isTerminated: true });
    const isArray = mock.method(Array, 'isArray', broken);
    const [scan] = [...parseScanLines(builder.take(1))];
    isArray.mock.restore();
    assert.ok(scan !== undefined && isFault(scan));
    assert.equal(scan.scanId, 'test:1');
  });

  it('stays of the plant that it names, so that its sender gets no other than that', () => {
    const record = {
      plant: 'theirs',
      get weightGrams() {
        return broken();
      },
    };
    const scan = scanOfRecord(record, 'a', { imageFolder: null, plant: 'mine' });
    assert.deepEqual([isFault(scan), scan.plant], [true, 'theirs']);
  });

  it('comes out of a watched folder as malformed, with its image', async (test) => {
    const folder = await temporaryFolder(test);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'a.png'), 'no picture');
    await writeFile(join(folder, 'a.json'), '{"scanId":"a","scannedAt":"2026-11-22T07:16:01Z"}');
    const drops = new RecordedDrops();
    const isArray = mock.method(Object, 'keys', broken);
    try {
      await drops.watch(folder);
    } finally {
      isArray.mock.restore();
    }
    assert.equal(drops.scans.size, 1);
    assert.deepEqual(drops.refused, []);
  });
});
