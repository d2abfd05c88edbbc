import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import kafkajs from 'kafkajs';
import { Judge } from '../../analytics/index.ts';
import { detectorTiming } from '../../app/stages/detector-timing.ts';
import { isInt64, isText, type ReadingColumns, ReadingColumnsBuilder, rowsOf } from '../../indicium/index.ts';
import type { NewMessage, StoredMessage } from '../../ingest/kafka/client-port.ts';
import { ImageSpool, judgeTasks, readTasks } from '../../ingest/kafka/index.ts';
import '../../ingest/kafka/kafkajs/codecs.ts';
import { readScans } from '../../app/reader.ts';
import {
  DECOMPRESSED_BYTES_MAX,
  SCAN_MESSAGE_BYTES_MAX,
  SCAN_MESSAGE_LINES_MAX,
  TOPIC_MESSAGE_BYTES_MAX,
} from '../../ingest/kafka/limits.ts';
import { deadLetter, redriven } from '../../ingest/kafka/messages/dead-letter.ts';
import { areKnownReadings } from '../../ingest/kafka/messages/known-readings.ts';
import { decodeReadings, encodeReadings } from '../../ingest/kafka/messages/readings-codec.ts';
import { readScanMessage } from '../../ingest/kafka/messages/scan-message.ts';
import { readingOf, scanOf } from '../support/evidence.ts';
import { fuzzed, hostileBytes, hostileRecord, hostileText, mangled, shortText } from '../support/hostile-inputs.ts';
import { SmallWorld } from '../support/marks.ts';

const MIB = 2 ** 20;
const world = new SmallWorld(1, 1);
const TOPICS = {
  scans: 'scans',
  readings: 'readings',
  deadLetters: 'dead',
  verdicts: 'v',
  findings: 'f',
  revisions: 'r',
};

function stored(change: Partial<StoredMessage>, offset = 0n): StoredMessage {
  return { partition: 0, offset, timestampMs: 0, key: null, value: null, headers: {}, ...change };
}

/** Bytes that a broker counts, about. */
function bytesOf({ key, value, headers }: Pick<NewMessage, 'key' | 'value' | 'headers'>): number {
  const all = Object.entries(headers).reduce(
    (total, [name, text]) => total + Buffer.byteLength(name) + Buffer.byteLength(text),
    0,
  );
  return all + Buffer.byteLength(key ?? '') + (value?.length ?? 0);
}

describe('any message of scans', () => {
  const types = fc.oneof(
    fc.constantFrom('application/x-ndjson', 'application/json; charset=utf-8', 'image/png', 'application/octet-stream'),
    shortText,
  );
  const headers = fc
    .tuple(
      fc.dictionary(fc.oneof(fc.constantFrom('ce_type', 'ce_id', 'redriven', 'dead-topic'), shortText), hostileText, {
        maxKeys: 3,
      }),
      fc.option(types),
      fc.option(mangled(hostileRecord.map((record) => JSON.stringify(record)))),
    )
    .map(([any, type, scan]) => ({
      ...any,
      ...(type === null ? {} : { 'content-type': type }),
      ...(scan === null ? {} : { scan }),
    }));
  const value = fc.option(
    fc
      .array(hostileBytes, { maxLength: 4 })
      .map((lines) => Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]))),
  );
  const message = fc.record({ key: fc.option(hostileBytes), value, headers });

  it('becomes readings or dead letters, and each line of it one of them', async (test) => {
    const spool = await ImageSpool.open();
    test.after(() => spool.close());
    const counts = { scans: 0, deadLetters: 0 };
    const { claim } = readTasks({
      read: async (lines) => {
        const read = readScans({
          scans: lines,
          images: anyImage,
          givenUp: new Set(),
          receivedAtMs: null,
          trust: world.registry,
        });
        assert.ok(read !== null);
        assert.equal(read.faults.first, null);
        return read;
      },
      spool,
      nowMs: () => 0,
      topics: TOPICS,
      partitions: 3,
      onRead: ({ scans, deadLetters }) => {
        counts.scans += scans;
        counts.deadLetters += deadLetters;
      },
    });
    const task = await claim(0, null);
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 4 }), async (messages) => {
        const given = messages.map((one, index) => stored(one, BigInt(index)));
        counts.scans = 0;
        counts.deadLetters = 0;
        const out = await task.process(given);
        const expected = given.reduce((total, one) => {
          const read = readScanMessage(one);
          return total + ('kind' in read && read.kind === 'lines' ? read.lines.length : 1);
        }, 0);
        assert.equal(counts.scans + counts.deadLetters, expected);
        assert.ok(!out.some((one) => one.headers['dead-reason'] === 'failed-here'));
        const rows = out
          .filter(({ topic }) => topic === 'readings')
          .map(({ value: bytes }) => decodeReadings(bytes ?? Buffer.alloc(0)));
        for (const readings of rows) assert.ok(readings !== null && areKnownReadings(readings));
        assert.equal(
          rows.reduce((total, readings) => total + (readings === null ? 0 : rowsOf(readings)), 0),
          counts.scans,
        );
      }),
      fuzzed(150),
    );
  });

  /** No matter what image is asked for, nothing was read on it. */
  const anyImage = new (class extends Map<number, { failure: 'no-symbol'; candidates: []; readMs: number }> {
    override get() {
      return { failure: 'no-symbol' as const, candidates: [] as [], readMs: 0 };
    }
  })();

  it('that this program throws at is a dead letter, and those beside it are read', async (test) => {
    const spool = await ImageSpool.open();
    test.after(() => spool.close());
    const task = await readTasks({
      read: async (lines) =>
        readScans({ scans: lines, images: anyImage, givenUp: new Set(), receivedAtMs: null, trust: world.registry }) ??
        assert.fail(),
      spool,
      nowMs: () => 0,
      topics: TOPICS,
      partitions: 1,
      onRead: () => {},
    }).claim(0, null);
    const good = stored({ value: Buffer.from('{"scanId":"a"}') });
    const bad = Object.defineProperty(stored({}, 1n), 'value', {
      get: mock.fn(
        () => Buffer.alloc(0),
        () => {
          throw new RangeError('a bug');
        },
        { times: 1 },
      ),
    });
    const out = await task.process([good, bad]);
    assert.deepEqual(
      out.map(({ topic, headers: its }) => [topic, its['dead-reason'], its['dead-detail']]),
      [
        ['readings', undefined, undefined],
        ['dead', 'failed-here', 'RangeError: a bug'],
      ],
    );
  });

  it('of more lines than there can be is one dead letter, however short they are', () => {
    for (const [line, lines, poison] of [
      ['{', SCAN_MESSAGE_LINES_MAX - 1, null],
      ['{', SCAN_MESSAGE_LINES_MAX, null],
      ['{', SCAN_MESSAGE_LINES_MAX + 1, 'too-large'],
      ['', SCAN_MESSAGE_BYTES_MAX, 'too-large'],
      ['{', SCAN_MESSAGE_BYTES_MAX / 2, 'too-large'],
    ] as const) {
      const read = readScanMessage(stored({ value: Buffer.from(`${line}\n`.repeat(lines)) }));
      assert.equal('code' in read ? read.code : null, poison, `${lines} of ${line}`);
    }
  });
});

describe('a dead letter', () => {
  it('fits into its topic, for any message, and says what it lacks', () => {
    const sizes = fc.constantFrom(0, 1, 1_000, 5_000, 70_000, 8 * MIB - 1, 8 * MIB + 1, 14 * MIB);
    fc.assert(
      fc.property(
        sizes,
        sizes,
        sizes,
        fc.nat(20_000),
        fc.boolean(),
        (valueBytes, keyBytes, headerBytes, names, isLine) => {
          const many = Object.fromEntries(Array.from({ length: names }, (_, index) => [`h${index}`, 'x']));
          const headers = {
            'content-type': 'x'.repeat(Math.min(headerBytes, MIB)),
            big: Buffer.alloc(headerBytes),
            ...many,
          };
          const message = stored({ value: Buffer.alloc(valueBytes), key: Buffer.alloc(keyBytes), headers });
          const line = isLine ? { line: { number: 1, bytes: Buffer.from('{') } } : {};
          const letter = deadLetter(
            'dead',
            { topic: 'scans', message, ...line },
            { code: 'not-a-scan', detail: 'x'.repeat(headerBytes) },
          );
          assert.ok(bytesOf(letter) < TOPIC_MESSAGE_BYTES_MAX);
          if (isLine) assert.ok(bytesOf(letter) < 8_000);
          const isWhole = letter.headers['dead-left-out'] === undefined;
          const back = redriven(
            stored({ key: keyBytes > 4_096 ? null : message.key, value: letter.value, headers: letter.headers }),
            new Set(['scans']),
          );
          assert.equal(back !== null, isWhole, 'what lacks a part is not put back');
        },
      ),
      fuzzed(25),
    );
  });
});

describe('any batch of readings', () => {
  function columnsOf(): ReadingColumns {
    const builder = new ReadingColumnsBuilder(5);
    for (let row = 0; row < 4; row++) {
      const payload = row === 3 ? Buffer.of(1, 2) : world.frank();
      builder.add(scanOf({ mark: { kind: 'payload', payload } }), readingOf(payload, world.registry));
    }
    builder.add(scanOf(), readingOf(Buffer.alloc(0), world.registry));
    return builder.finish();
  }

  it('that is taken can be judged', () => {
    const honest = encodeReadings(columnsOf());
    const judge = new Judge();
    const change = fc.tuple(fc.nat(), fc.nat(4), fc.bigInt(0n, 2n ** 64n - 1n), fc.boolean());
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const columns = decodeReadings(honest) ?? assert.fail();
        const all = Object.values(columns);
        for (const [which, row, value, isNull] of changes) {
          const column = all[which % all.length];
          if (column === undefined) continue;
          if (isNull && column.valid !== null)
            column.valid[row >> 3] = (column.valid[row >> 3] ?? 0) & ~(1 << (row & 7));
          else if (isText(column)) column.bytes[Number(value % BigInt(Math.max(1, column.bytes.length)))] = 0x41;
          else if (isInt64(column)) column.bigints[row] = value;
          else column.values[row] = Number(value & 0xffff_ffffn);
        }
        const decoded = decodeReadings(encodeReadings(columns));
        if (decoded === null || !areKnownReadings(decoded)) return;
        for (let row = 0; row < rowsOf(decoded); row++) judge.judgeRow(decoded, row);
      }),
      fuzzed(500),
    );
    assert.ok(areKnownReadings(columnsOf()));
  });

  it('whose values are nonsense is a dead letter and never reaches a store', async () => {
    const task = await judgeTasks({
      open: async () => ({
        positionOf: async () => null,
        record: async () => assert.fail('it reached the store'),
        detect: async () => {},
        findingDelta: async () => ({ findings: [], retracted: [], revisions: [] }),
        close: async () => {},
      }),
      topics: TOPICS,
      nowMs: () => 0,
      detectorTiming: () => detectorTiming(1_000),
      onJudged: () => {},
      onDetected: () => {},
      onDeadLetter: () => {},
    }).claim(0, null);
    const spoiled = (spoil: (columns: ReadingColumns) => void) => {
      const columns = columnsOf();
      spoil(columns);
      return encodeReadings(columns);
    };
    for (const value of [
      spoiled(({ outcome }) => outcome.bytes.fill(0x78)),
      spoiled(({ printedAtMs }) => (printedAtMs.bigints[0] = 2n ** 63n - 1n)),
      spoiled(({ scannedAtMs }) => (scannedAtMs.bigints[1] = 2n ** 63n)),
      spoiled(({ psd }) => psd.valid?.fill(0)),
    ]) {
      const out = await task.process([stored({ value })]);
      assert.deepEqual(
        out.map(({ topic, headers }) => [topic, headers['dead-reason']]),
        [['dead', 'bad-readings']],
      );
    }
  });
});

describe('a compressed batch of messages', () => {
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  const codec = (
    type: kafkajs.CompressionTypes,
  ): { compress(encoder: { buffer: Buffer }): Promise<Buffer>; decompress(buffer: Buffer): Promise<Buffer> } => {
    const make: unknown = Reflect.get(CompressionCodecs, type);
    assert.ok(typeof make === 'function');
    return make();
  };
  it('that would become more than memory bears is refused, and any other is as it was', async () => {
    const zeros = Buffer.alloc(16 * MIB);
    const members = Math.ceil(DECOMPRESSED_BYTES_MAX / zeros.length) + 1;
    const repeated = (member: Buffer) => Buffer.concat(Array.from({ length: members }, () => member));
    // The length that a block claims to have, 7 bits a byte.
    const claim = Buffer.of(0xff, 0xff, 0xff, 0xff, 0x07, 0x00);
    for (const [name, type, bytes] of [
      ['gzip', CompressionTypes.GZIP, repeated(gzipSync(zeros))],
      ['zstd', CompressionTypes.ZSTD, zstdCompressSync(Buffer.alloc(DECOMPRESSED_BYTES_MAX + 1))],
      ['snappy', CompressionTypes.Snappy, claim],
    ] as const) {
      await assert.rejects(codec(type).decompress(bytes), /larger than|at most/, name);
      const honest = Buffer.from('{"scanId":"a"}\n'.repeat(1_000));
      assert.deepEqual(await codec(type).decompress(await codec(type).compress({ buffer: honest })), honest, name);
    }
  });
});
