import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import type { Scan } from '../../indicium/index.ts';
import { openSource } from '../../ingest/index.ts';
import { readRecords } from '../../ingest/record-lines.ts';
import { parseScanLines, SourceError } from '../../scans/index.ts';
import { temporaryFolder } from '../support/temporary.ts';

const RECORDS = Array.from({ length: 20 }, (_, index) => ({
  scanId: `S/${index}`,
  plant: 'Nürnberg 😀',
  machine: 'a, "quoted" ] } [ { name\\',
  payload: Buffer.from(`mark ${index}`).toString('base64'),
  more: { list: [1, [2, { three: '}' }]], empty: [] },
}));
const LINES = `${RECORDS.map((record) => JSON.stringify(record)).join('\n')}\n`;
const UTF16 = Buffer.from(`\u{feff}${LINES}`, 'utf16le');

const READ: Readonly<Record<string, Buffer>> = {
  'lines with a byte order mark': Buffer.from(`\u{feff}${LINES}`),
  'lines that end as on Windows': Buffer.from(LINES.replaceAll('\n', '\r\n')),
  gzip: gzipSync(LINES),
  'two members of gzip, one after another': Buffer.concat([gzipSync(LINES.slice(0, 900)), gzipSync(LINES.slice(900))]),
  'gzip of gzip': gzipSync(gzipSync(LINES)),
  Zstandard: zstdCompressSync(LINES),
  'UTF-16, little-endian': UTF16,
  'UTF-16, big-endian': Buffer.from(UTF16).swap16(),
  'UTF-16 without a byte order mark': UTF16.subarray(2),
  'UTF-16 big-endian without a byte order mark': Buffer.from(UTF16.subarray(2)).swap16(),
  'gzip of UTF-16': gzipSync(UTF16),
  'an array on one line': Buffer.from(JSON.stringify(RECORDS)),
  'an array over many lines': Buffer.from(`\u{feff}\n${JSON.stringify(RECORDS, null, 2)}\n`),
  'an array with an object a line': Buffer.from(`[\n${LINES.trimEnd().replaceAll('\n', ',\n')}\n]\n`),
  'an array in UTF-16 in gzip': gzipSync(Buffer.from(JSON.stringify(RECORDS, null, '\t'), 'utf16le')),
  'objects over many lines': Buffer.from(RECORDS.map((record) => JSON.stringify(record, null, 2)).join('\n')),
  'arrays, one after another': Buffer.from(
    `${JSON.stringify(RECORDS.slice(0, 7))}\n${JSON.stringify(RECORDS.slice(7))}`,
  ),
};

const REFUSED: readonly (readonly [string, Buffer, RegExp])[] = [
  [
    'CSV',
    Buffer.from('scanId,plant,payload\nS/1,06484,AAAA\n'),
    /a table \(CSV\) with the columns scanId, plant, payload/,
  ],
  ['CSV with semicolons and quotes', Buffer.from('"scanId";"plant"\r\n"1";"2"\r\n'), /a table \(CSV\)/],
  ['values parted by tabs', Buffer.from('\u{feff}plant\tscanId\n1\t2\n'), /a table \(CSV\)/],
  ['CSV in gzip', gzipSync('scanId,plant\n1,2\n'), /a table \(CSV\)/],
  ['CSV in UTF-16', Buffer.from('\u{feff}scanId;plant\n1;2\n', 'utf16le'), /a table \(CSV\)/],
  ['XML', Buffer.from('<?xml version="1.0"?>\n<scans/>'), /XML/],
  ['a ZIP archive', Buffer.from([0x50, 0x4b, 3, 4, 20, 0, 0, 0]), /a ZIP archive/],
  ['a picture', Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]), /a picture: indicia decode/],
  ['a Parquet file', Buffer.from('PAR1\u0015\u0004'), /a Parquet file/],
  ['a DuckDB database', Buffer.concat([Buffer.alloc(8), Buffer.from('DUCK')]), /a DuckDB database/],
  ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x7b, 0, 0, 0]), /UTF-32/],
  ['bytes', Buffer.from('{"a":1}\u0000'), /binary data/],
  ['gzip of gzip of gzip', gzipSync(gzipSync(gzipSync(LINES))), /compressed more than 2 times/],
];

async function readAll(bytes: Buffer, chunkBytes = bytes.length): Promise<{ lines: string[]; notices: string[] }> {
  const notices: string[] = [];
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_, index) =>
    bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes),
  );
  const lines: string[] = [];
  for await (const batch of readRecords(Readable.from(chunks), 'stdin', (sentence) => notices.push(sentence))) {
    for (const { bytes: line } of batch) lines.push(line?.toString('latin1') ?? 'too long');
  }
  return { lines, notices };
}

async function read(path: string, stdin = Readable.from([])): Promise<{ scans: Scan[]; notices: string[] }> {
  const source = await openSource(path, stdin);
  const scans: Scan[] = [];
  const notices: string[] = [];
  for await (const batch of source.batches(null)) {
    scans.push(...('text' in batch.scans ? parseScanLines(batch.scans) : batch.scans));
    notices.push(...batch.notices);
  }
  return { scans, notices };
}

describe('what a file of scans may be', () => {
  for (const [name, bytes] of Object.entries(READ)) {
    it(`is ${name}, from a file as from standard input`, async (t) => {
      const path = join(await temporaryFolder(t), 'scans');
      await writeFile(path, bytes);
      for (const { scans, notices } of [await read(path), await read('-', Readable.from([bytes]))]) {
        assert.deepEqual(notices, []);
        assert.deepEqual(
          scans.map(({ scanId, plant, machine, mark, extra }) => ({ scanId, plant, machine, mark, extra })),
          RECORDS.map(({ scanId, plant, machine, payload, more }) => ({
            scanId,
            plant,
            machine,
            mark: { kind: 'payload', payload: Buffer.from(payload, 'base64') },
            extra: JSON.stringify({ more }),
          })),
        );
      }
    });
  }

  for (const [name, bytes, what] of REFUSED) {
    it(`is not ${name}, which is refused by name`, async (t) => {
      const path = join(await temporaryFolder(t), 'scans.ndjson');
      await writeFile(path, bytes);
      const isRefused = (named: string) => (error: unknown) => {
        assert.ok(error instanceof SourceError);
        assert.ok(error.message.startsWith(`${named}: `), error.message);
        assert.match(error.message, what);
        return true;
      };
      await assert.rejects(read(path), (error) => isRefused(path)(error) || isRefused('')(error));
      await assert.rejects(read('-', Readable.from([bytes])), isRefused('stdin'));
    });
  }

  it('gives the same records however the bytes of any kind are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.values(READ)),
        fc.integer({ min: 1, max: 97 }),
        async (bytes, size) => {
          const { lines, notices } = await readAll(bytes, size);
          assert.deepEqual(notices, []);
          const withoutMark = lines.map((line) =>
            Buffer.from(line, 'latin1')
              .toString('utf8')
              .replace(/^\u{feff}/u, ''),
          );
          assert.deepEqual(
            withoutMark.map((line) => JSON.parse(line)),
            RECORDS,
          );
        },
      ),
    );
  });

  it('is any array of any JSON values, which are told apart exactly', async () => {
    const values = fc.array(fc.jsonValue({ maxDepth: 4 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(
        values,
        fc.constantFrom(0, 1, '\t'),
        fc.integer({ min: 1, max: 30 }),
        async (more, indent, size) => {
          const elements = [{ first: true }, ...more];
          const { lines, notices } = await readAll(Buffer.from(JSON.stringify(elements, null, indent)), size);
          assert.deepEqual(notices, []);
          assert.deepEqual(
            lines.map((line) => JSON.parse(Buffer.from(line, 'latin1').toString('utf8'))),
            JSON.parse(JSON.stringify(elements)),
          );
        },
      ),
    );
  });
});

describe('a file of scans that is damaged', () => {
  it('gives all scans up to where compressed data breaks off, and says so', async (t) => {
    const path = join(await temporaryFolder(t), 'scans.ndjson.gz');
    const packed = gzipSync(LINES, { level: 0 });
    await writeFile(path, packed.subarray(0, packed.length / 2));
    const { scans, notices } = await read(path);
    assert.ok(scans.length > 8 && scans.length < 12);
    assert.deepEqual(
      scans.slice(0, -1).map(({ scanId }) => scanId),
      RECORDS.slice(0, scans.length - 1).map(({ scanId }) => scanId),
    );
    assert.deepEqual(scans.at(-1)?.mark, { kind: 'none', reason: 'scan-malformed', detail: 'not JSON' });
    assert.match(notices[0] ?? '', /scans\.ndjson\.gz: the gzip data is damaged or has no end/);
  });

  it('says that an array has no end, also where its last element is whole', async () => {
    for (const cut of [',{"scanId":"b"}', ',']) {
      const { lines, notices } = await readAll(Buffer.from(`[{"scanId":"a"}${cut}`));
      assert.equal(lines.length, cut.length > 1 ? 2 : 1);
      assert.deepEqual(notices, ['the JSON array has no end']);
    }
  });

  it('reads what follows broken records', async () => {
    const { lines } = await readAll(Buffer.from('[{"a":"b}\n},{"c":2}, x, "y"]\nrest "\n{"d":3}\n[{"e":4}]\n'));
    assert.deepEqual(lines, ['{"a":"b}\n}', '{"c":2}', 'x', '"y"', 'rest "', '{"d":3}', '{"e":4}']);
  });

  it('keeps half a surrogate pair from becoming another id', async (t) => {
    const path = join(await temporaryFolder(t), 'scans.ndjson');
    const text = Buffer.from(`\u{feff}{"scanId":"a?"}\n{"scanId":"b"}\n`, 'utf16le');
    text.writeUInt16LE(0xd800, text.indexOf(Buffer.from('?', 'utf16le')));
    await writeFile(path, Buffer.concat([text, Buffer.from([0x7b])]));
    const { scans } = await read(path);
    const details = scans.map(({ scanId, mark }) =>
      mark.kind === 'none' ? [scanId.split('/').at(-1), mark.detail] : [],
    );
    assert.deepEqual(details, [
      ['scans.ndjson:1', 'not UTF-8'],
      ['b', 'neither payload nor image'],
      ['scans.ndjson:3', 'not UTF-8'],
    ]);
  });

  it('is told to hold nothing where it is empty or blank', async (t) => {
    const path = join(await temporaryFolder(t), 'scans.ndjson');
    for (const bytes of [Buffer.alloc(0), Buffer.from('\n \n'), gzipSync(''), Buffer.from('[ ]')]) {
      await writeFile(path, bytes);
      const { scans, notices } = await read(path);
      assert.equal(scans.length, 0);
      assert.match(notices.join(), /scans\.ndjson: it holds nothing/);
    }
  });
});
