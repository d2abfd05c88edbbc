import assert from 'node:assert/strict';
import { appendFile, mkdir, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Scan } from '../../indicium/index.ts';
import { openSource } from '../../ingest/index.ts';
import { ignoredFieldsOf } from '../../scans/ignored-fields.ts';
import {
  parseScanLines,
  type ScanBatch,
  type ScanSource,
  SourceError,
  type SourcePosition,
} from '../../scans/index.ts';
import { BATCH_IMAGES_MAX, LINE_BYTES_MAX } from '../../scans/limits.ts';
import { readLines } from '../../scans/lines.ts';
import { parseScanLine } from '../../scans/scan-line.ts';
import { temporaryFolder } from '../support/temporary.ts';

const origin = { fallbackId: () => 'scans.ndjson:7', imageFolder: 'day' };
const parse = (record: unknown): Scan => parseScanLine(JSON.stringify(record), origin);

/** The scans of a batch, parsed where they came as lines. */
function scansOf({ scans }: ScanBatch): readonly Scan[] {
  return 'text' in scans ? [...parseScanLines(scans)] : scans;
}

/** The lines of a stream as text; null for one that was too long. */
async function linesOf(stream: Readable): Promise<{ text: string | null; endOffset: number }[]> {
  const lines = (await Array.fromAsync(readLines(stream))).flat();
  return lines.map(({ bytes, endOffset }) => ({ text: bytes?.toString('utf8') ?? null, endOffset }));
}

async function readAll(
  source: ScanSource,
  from: SourcePosition = null,
): Promise<{ ids: string[]; position: SourcePosition }> {
  let position = from;
  const ids: string[] = [];
  for await (const batch of source.batches(from)) {
    ids.push(...scansOf(batch).map((scan) => scan.scanId));
    position = batch.position;
  }
  return { ids, position };
}

describe('splitting a stream into lines', () => {
  it('gives the lines and their ends, however the bytes are cut', async () => {
    const line = fc.string({ maxLength: 30 }).map((text) => text.replaceAll('\n', ' '));
    const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 12 }), cuts, fc.boolean(), async (lines, sizes, endsWithNewline) => {
        const bytes = Buffer.from(lines.join('\n') + (endsWithNewline ? '\n' : ''));
        const chunks: Buffer[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1;
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        const read = await linesOf(Readable.from(chunks));
        const expected = bytes.toString('utf8').split('\n');
        if (expected.at(-1) === '') expected.pop();
        assert.deepEqual(
          read.map(({ text }) => text),
          expected,
        );
        for (const [index, { endOffset }] of read.entries()) {
          const before = Buffer.byteLength(expected.slice(0, index + 1).join('\n'));
          assert.equal(endOffset, Math.min(before + 1, bytes.length));
        }
      }),
    );
  });

  it('skips a line that never ends without keeping it, and goes on after it', async () => {
    const long = Readable.from([Buffer.alloc(LINE_BYTES_MAX), Buffer.alloc(LINE_BYTES_MAX), Buffer.from('\nnext\n')]);
    assert.deepEqual(
      (await linesOf(long)).map(({ text }) => text),
      [null, 'next'],
    );
  });
});

describe('a scan record', () => {
  it('is read with all its fields, and keeps those it does not know', () => {
    const scan = parse({
      scanId: 'DBCS-12/20261122A/000123',
      plant: '06484',
      machine: 'DBCS-12',
      scannedAt: '2026-11-22T07:16:01.123Z',
      mailpieceId: 'J18C1',
      pass: 'origin',
      destination: '06443',
      weightGrams: 18,
      payload: Buffer.from('abc').toString('base64'),
      belt: 4,
      nested: { color: 'red' },
    });
    assert.deepEqual(scan.mark, { kind: 'payload', payload: Buffer.from('abc') });
    assert.equal(scan.scannedAtMs, Date.UTC(2026, 10, 22, 7, 16, 1, 123));
    assert.equal(scan.extra, '{"belt":4,"nested":{"color":"red"}}');
  });

  it('is the same scan when only unknown fields or their order differ, and another when anything else does', () => {
    const record = { scanId: 'a', plant: 'p', payload: 'AQID' };
    assert.equal(parse(record).digest, parse({ payload: 'AQID', sentAt: 'now', plant: 'p', scanId: 'a' }).digest);
    for (const change of [
      { plant: 'q' },
      { payload: 'AQIE' },
      { mailpieceId: 'm' },
      { image: 'a.png' },
      { weightGrams: 1 },
      { frame: { width: 2, height: 1 } },
    ]) {
      assert.notEqual(parse(record).digest, parse({ ...record, ...change }).digest, JSON.stringify(change));
    }
  });

  const unusable: [string, string, string, string][] = [
    ['not JSON', '{"scanId":', 'scan-malformed', 'scans.ndjson:7'],
    ['not an object', '[1,2]', 'scan-malformed', 'scans.ndjson:7'],
    ['without scan id', '{"payload":"AQID"}', 'scan-malformed', 'scans.ndjson:7'],
    ['with an empty scan id', '{"scanId":"","payload":"AQID"}', 'scan-malformed', 'scans.ndjson:7'],
    ['with invalid base64', '{"scanId":"x","payload":"A*ID"}', 'scan-malformed', 'x'],
    ['with something behind its base64', '{"scanId":"x","payload":"AQID*"}', 'scan-malformed', 'x'],
    ['with base64 cut short', '{"scanId":"x","payload":"AQI"}', 'scan-malformed', 'x'],
    ['with a payload of another type', '{"scanId":"x","payload":17}', 'scan-malformed', 'x'],
    ['with neither payload nor image', '{"scanId":"x"}', 'scan-incomplete', 'x'],
    ['with an absolute image path', '{"scanId":"x","image":"/etc/hostname"}', 'image-refused', 'x'],
    ['with an image path that leaves the folder', '{"scanId":"x","image":"a/../../b.png"}', 'image-refused', 'x'],
    ['with a list of no images', '{"scanId":"x","image":[]}', 'scan-malformed', 'x'],
    ['with more images than a piece has', '{"scanId":"x","image":["a","b","c","d","e"]}', 'scan-malformed', 'x'],
    ['with one image of several outside', '{"scanId":"x","image":["a.png","../b.png"]}', 'image-refused', 'x'],
    ['with a raw frame of no size', '{"scanId":"x","image":"a.grey","frame":{"width":0}}', 'scan-malformed', 'x'],
    ['with a payload of 10,000 bytes', `{"scanId":"x","payload":"${'A'.repeat(13_336)}"}`, 'payload-too-long', 'x'],
  ];
  for (const [what, line, reason, scanId] of unusable) {
    it(`${what} becomes a scan that says so: ${reason}`, () => {
      const scan = parseScanLine(line, origin);
      assert.equal(scan.scanId, scanId);
      assert.equal(scan.mark.kind === 'none' && scan.mark.reason, reason);
    });
  }

  it('takes the size of a raw frame, which does not stand in its file', () => {
    const { mark } = parse({ scanId: 'a', image: 'a.grey', frame: { width: 2000, height: 880 } });
    assert.ok(mark.kind === 'image');
    assert.deepEqual(mark.frame, { width: 2000, height: 880 });
  });

  it('that nests deeper than text can be written again is unusable, and no end of the program', () => {
    const deep = (levels: number) => `${'{"0":'.repeat(levels)}0${'}'.repeat(levels)}`;
    for (const field of ['x', 'payload', 'image', 'frame', 'imageBase64', 'plant']) {
      const scan = parseScanLine(`{"scanId":"deep","y":"QQ==","${field}":${deep(5_000)}}`, origin);
      assert.equal(scan.mark.kind === 'none' && scan.mark.reason, 'scan-malformed', field);
      assert.equal(scan.scanId, 'deep');
    }
    const { extra } = parseScanLine(`{"scanId":"flat","x":${deep(20)}}`, origin);
    assert.equal(extra, `{"x":${deep(20)}}`);
  });

  it('is the same scan however its mark and its frame are written', () => {
    const same = (one: object, other: object) => {
      assert.equal(parse({ scanId: 'a', ...one }).digest, parse({ scanId: 'a', ...other }).digest);
    };
    same({ payload: 'QQ==' }, { payload: 'QR==' });
    const image = 'a.grey';
    same({ image, frame: { width: 3, height: 2 } }, { image, frame: { height: 2, width: 3 } });
    const junk = 'x'.repeat(20_000);
    same({ payload: 'QQ==', junk }, { payload: 'QR==', junk });
    assert.notEqual(
      parse({ scanId: 'a', payload: 'QQ==', junk }).digest,
      parse({ scanId: 'a', payload: 'Qg==', junk }).digest,
    );
  });

  it('is of the plant of its sender where it names none, or nothing that could be one', () => {
    const sent = { ...origin, plant: '06484' };
    for (const plant of [undefined, null, '', 5.5, 'x'.repeat(300)]) {
      const scan = parseScanLine(JSON.stringify({ scanId: 'a', payload: 'AQID', plant }), sent);
      assert.equal(scan.plant, '06484', String(plant));
    }
    for (const line of ['no JSON', '{"scanId":"a","plant":"75034"}', `{"scanId":"a","junk":"${'x'.repeat(20_000)}"}`]) {
      const { plant, mark } = parseScanLine(line, sent);
      assert.deepEqual([plant, mark.kind], ['06484', 'none'], line.slice(0, 40));
    }
    assert.deepEqual(JSON.parse(parseScanLine('{"scanId":"a","plant":5.5}', sent).extra ?? ''), { plant: 5.5 });
    assert.equal(parseScanLine('{"scanId":"a","plant":75034}', sent).mark.kind, 'none', 'a number is a name, too');
  });

  it('may name several pictures of its piece, all of which are kept', () => {
    const { mark, extra } = parse({ scanId: 'a', image: ['a.png', 'b.png'] });
    assert.deepEqual(mark, { kind: 'image', path: 'day/a.png', others: ['day/b.png'], within: 'day' });
    assert.deepEqual(JSON.parse(extra ?? ''), { image: ['a.png', 'b.png'] });
  });

  it('names a picture beside its payload, which is kept for people, and what else was not read is said', () => {
    const payload = 'QQ==';
    const unread = (fields: object) => {
      const { mark, extra } = parse({ scanId: 'a', ...fields });
      const isNamed = mark.kind === 'image' || (mark.kind === 'payload' && mark.picture !== undefined);
      const kept = JSON.parse(extra ?? '{}');
      return { mark, kept, ignored: ignoredFieldsOf(extra, isNamed).map(({ field }) => field) };
    };
    const named = unread({ payload, image: 'a.png' });
    assert.deepEqual(named, {
      mark: { kind: 'payload', payload: Buffer.from('A'), picture: 'day/a.png' },
      kept: {},
      ignored: [],
    });
    const list = unread({ payload, image: ['a.png', 'b.png'] });
    assert.deepEqual([list.kept, list.ignored], [{ image: ['a.png', 'b.png'] }, []]);
    for (const image of ['../a.png', ['/etc/passwd'], [], 7]) {
      const refused = unread({ payload, image });
      assert.deepEqual([refused.mark.kind, refused.kept, refused.ignored], ['payload', { image }, ['image']]);
    }
    const digest = 'sha256:559aead08264d5795d3909718cdd05abd49572e84fe55590eef31a88a08fdffd';
    const sent = unread({ payload, imageBase64: 'QQ==', frame: { width: 1, height: 1 } });
    assert.deepEqual(sent.kept, { imageBase64: digest, frame: { width: 1, height: 1 } });
    assert.deepEqual(sent.ignored, ['imageBase64', 'frame']);
    const both = unread({ imageBase64: 'QQ==', image: 'a.png' });
    assert.deepEqual([both.mark.kind, both.kept, both.ignored], ['image', { image: 'a.png' }, ['image']]);
    const broken = unread({ payload: '!', image: 'a.png' });
    assert.deepEqual([broken.mark.kind, broken.kept, broken.ignored], ['none', { image: 'a.png' }, ['image']]);
  });

  it('keeps its mark when a field that only describes it is not as it should be', () => {
    const wrong: [string, unknown][] = [
      ['weightGrams', 'heavy'],
      ['weightGrams', 12.5],
      ['pass', 'sideways'],
      ['scannedAt', '2026-13-45T99:00:00Z'],
      ['scannedAt', '2026-02-30T10:00:00Z'],
      ['destination', ''],
      ['plant', { town: 'Shelton' }],
    ];
    for (const [name, value] of wrong) {
      const scan = parse({ scanId: 'x', payload: 'AQID', [name]: value });
      assert.equal(scan.mark.kind, 'payload', name);
      assert.deepEqual(JSON.parse(scan.extra ?? '{}'), { [name]: value });
    }
    const nothing = parse({ scanId: 'x', payload: 'AQID', mailpieceId: null, weightGrams: null });
    assert.deepEqual([nothing.mark.kind, nothing.mailpieceId, nothing.extra], ['payload', null, null]);
  });

  it('has an id that a database gives back as it was, or is malformed under another one', () => {
    const { scanId, mark } = parse({ scanId: 's\ud800', payload: 'AQID' });
    assert.equal(scanId, 'scans.ndjson:7');
    assert.deepEqual(mark, {
      kind: 'none',
      reason: 'scan-malformed',
      detail: '/scanId holds half of a surrogate pair',
    });
  });

  it('may begin with a byte order mark', async () => {
    const source = await openSource('-', Readable.from([Buffer.from('\ufeff{"scanId":"x"}\n')]));
    assert.deepEqual((await readAll(source)).ids, ['x']);
  });

  it('never throws, whatever the line', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (line) => void parseScanLine(line, origin)));
  });
});

describe('an NDJSON file', () => {
  const lines = (from: number, to: number): string => {
    return Array.from({ length: to - from }, (_, index) => `{"scanId":"s${from + index}","image":"x.png"}\n`).join('');
  };

  it('goes on where it was left, also when it has grown', async (test) => {
    const file = join(await temporaryFolder(test), 'scans.ndjson');
    await writeFile(file, lines(0, 200));
    const source = await openSource(file, process.stdin);
    const { position } = await readAll(source);
    assert.deepEqual((await readAll(source, position)).ids, []);
    await appendFile(file, lines(200, 203));
    assert.deepEqual((await readAll(source, position)).ids, ['s200', 's201', 's202']);
  });

  it('is read from any batch on without losing or repeating a scan', async (test) => {
    const file = join(await temporaryFolder(test), 'scans.ndjson');
    await writeFile(file, lines(0, 300));
    const source = await openSource(file, process.stdin);
    const all = (await readAll(source)).ids;
    let seen = 0;
    for await (const batch of source.batches(null)) {
      const { length } = scansOf(batch);
      assert.ok(length <= BATCH_IMAGES_MAX);
      seen += length;
      assert.deepEqual((await readAll(source, batch.position)).ids, all.slice(seen));
    }
    assert.equal(seen, 300);
  });

  it('is read from the start when another file took its place', async (test) => {
    const file = join(await temporaryFolder(test), 'scans.ndjson');
    await writeFile(file, lines(0, 20));
    const source = await openSource(file, process.stdin);
    const { position } = await readAll(source);
    await writeFile(file, lines(20, 50));
    assert.equal((await readAll(source, position)).ids.length, 30);
    await writeFile(file, lines(0, 2));
    assert.equal((await readAll(source, position)).ids.length, 2);
  });

  it('waits for the end of a last line that is still being written', async (test) => {
    const file = join(await temporaryFolder(test), 'scans.ndjson');
    await writeFile(file, `${lines(0, 1)}{"scanId":"s1","ima`);
    const source = await openSource(file, process.stdin);
    const first = await Array.fromAsync(source.batches(null));
    assert.deepEqual(
      first.flatMap((batch) => scansOf(batch).map(({ scanId }) => scanId)),
      ['s0'],
    );
    assert.match(first.at(-1)?.notices[0] ?? '', /scans\.ndjson:2: the last line has no end yet/);
    await appendFile(file, 'ge":"x.png"}\n');
    assert.deepEqual((await readAll(source, first.at(-1)?.position ?? null)).ids, ['s1']);
  });

  it('takes a whole last line without its newline', async (test) => {
    const file = join(await temporaryFolder(test), 'scans.ndjson');
    await writeFile(file, lines(0, 2).trimEnd());
    assert.deepEqual((await readAll(await openSource(file, process.stdin))).ids, ['s0', 's1']);
  });

  it('names the line of a record without id, also after going on in the middle', async (test) => {
    const file = join(await temporaryFolder(test), 'scans.ndjson');
    await writeFile(file, `${lines(0, 3)}\n`);
    const source = await openSource(file, process.stdin);
    const { position } = await readAll(source);
    await appendFile(file, 'broken\n');
    assert.deepEqual((await readAll(source, position)).ids, [`${await realpath(file)}:5`]);
  });
});

describe('a folder', () => {
  it('of images gives one scan an image, by name, folders below it included', async (test) => {
    const folder = await temporaryFolder(test);
    await mkdir(join(folder, 'b'));
    for (const name of ['z.png', 'a.JPG', 'b/m.tiff', 'notes.txt', 'x.svg']) await writeFile(join(folder, name), '');
    const { ids } = await readAll(await openSource(folder, process.stdin));
    const whole = await realpath(folder);
    assert.deepEqual(
      ids,
      ['a.JPG', 'b/m.tiff', 'x.svg', 'z.png'].map((name) => join(whole, name)),
    );
  });

  it('of images knows a replaced picture for another', async (test) => {
    const folder = await temporaryFolder(test);
    const digest = async () => {
      for await (const batch of (await openSource(folder, process.stdin)).batches(null))
        return scansOf(batch)[0]?.digest;
    };
    await writeFile(join(folder, 'a.png'), 'one');
    const before = await digest();
    assert.equal(await digest(), before);
    await writeFile(join(folder, 'a.png'), 'other');
    assert.notEqual(await digest(), before);
  });

  it('is not asked for with a picture', async (test) => {
    const file = join(await temporaryFolder(test), 'a.png');
    await writeFile(file, Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0]));
    await assert.rejects(openSource(file, process.stdin), /a\.png: not JSON; this is a picture/);
  });

  it('with a scans.ndjson stands for that file', async (test) => {
    const folder = await temporaryFolder(test);
    await writeFile(join(folder, 'scans.ndjson'), '{"scanId":"one","payload":"AQID"}\n');
    assert.deepEqual((await readAll(await openSource(folder, process.stdin))).ids, ['one']);
  });

  it('without images, or that does not exist, is an error that names it', async (test) => {
    const folder = await temporaryFolder(test);
    for (const path of [folder, join(folder, 'missing')]) {
      await assert.rejects(
        openSource(path, process.stdin),
        (error) => error instanceof SourceError && error.message.includes(path),
      );
    }
  });
});
