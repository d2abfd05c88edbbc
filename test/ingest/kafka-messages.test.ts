import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  isText,
  isValid,
  numberAt,
  type Reading,
  type ReadingColumns,
  ReadingColumnsBuilder,
  rowsOf,
  textAt,
  validityBytes,
} from '../../indicium/index.ts';
import type { StoredMessage } from '../../ingest/kafka/client-port.ts';
import { connectionFor, parseKafkaUrl } from '../../ingest/kafka/index.ts';
import { SCAN_MESSAGE_BYTES_MAX } from '../../ingest/kafka/limits.ts';
import { type DEAD_LETTER_REASONS, deadLetter, redriven } from '../../ingest/kafka/messages/dead-letter.ts';
import { partitionOfKey } from '../../ingest/kafka/messages/partition-of.ts';
import { decodeReadings, encodeReadings } from '../../ingest/kafka/messages/readings-codec.ts';
import { readScanMessage } from '../../ingest/kafka/messages/scan-message.ts';
import { splitReadings } from '../../ingest/kafka/messages/split-readings.ts';
import { assignSticky } from '../../ingest/kafka/sticky.ts';
import { SourceError } from '../../scans/index.ts';
import { markOf } from '../support/books.ts';
import { scanOf } from '../support/evidence.ts';

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).map((any) => any.toWellFormed());
const orNull = <Value>(values: fc.Arbitrary<Value>) => fc.option(values, { nil: null });

const row = fc.record({
  scanId: text,
  machine: orNull(text),
  extra: orNull(text),
  weightGrams: orNull(fc.nat(2 ** 31 - 1)),
  digest: fc.bigInt(0n, 2n ** 64n - 1n),
  license: orNull(fc.nat(50)),
  payload: orNull(fc.uint8Array({ maxLength: 200 })),
  pieceCount: fc.bigInt(0n, 2n ** 64n - 1n),
  receivedAtMs: orNull(fc.nat(2 ** 52)),
});
const rows = fc.array(row, { maxLength: 150 });

function columnsOf(values: readonly (typeof row extends fc.Arbitrary<infer Row> ? Row : never)[]): ReadingColumns {
  const builder = new ReadingColumnsBuilder(values.length);
  for (const { license, payload, pieceCount, receivedAtMs, ...scan } of values) {
    const reading: Reading = {
      payload,
      symbology: null,
      indicium: license === null ? null : markOf({ license, pieceCount }),
      contentDigest: pieceCount,
      outcome: license === null ? 'no-symbol' : 'valid',
      trustVersion: 7,
    };
    builder.add(scanOf(scan), reading, receivedAtMs);
  }
  return builder.finish();
}

/** Values of every column, row by row, so that two batches can be compared whatever lies behind their ends. */
function plain(columns: ReadingColumns): unknown {
  const indexes = Array.from({ length: rowsOf(columns) }, (_, index) => index);
  return Object.entries(columns).map(([name, column]) => [
    name,
    indexes.map((index) => {
      if (!isValid(column.valid, index)) return null;
      if (isText(column))
        return Buffer.from(column.bytes.subarray(column.offsets[index], column.offsets[index + 1])).toString('hex');
      return 'words' in column ? column.bigints[index] : column.values[index];
    }),
  ]);
}

/** Bytes of the last column, all of whose rows are null: a flag that there are nulls, a bit a row, and 8 bytes a row. */
function lastColumnBytes(rowCount: number): number {
  return 1 + validityBytes(rowCount) + 8 * rowCount;
}

describe('a batch of readings', () => {
  it('comes back as it went', () => {
    fc.assert(
      fc.property(rows, (values) => {
        const columns = columnsOf(values);
        const decoded = decodeReadings(encodeReadings(columns));
        assert.ok(decoded !== null);
        assert.deepEqual(plain(decoded), plain(columns));
      }),
    );
  });

  it('is refused as a whole where a byte is missing or too much, or it is of another version', () => {
    fc.assert(
      fc.property(rows, fc.nat(), (values, place) => {
        const bytes = encodeReadings(columnsOf(values));
        assert.equal(decodeReadings(bytes.subarray(0, place % bytes.length)), null);
        assert.equal(decodeReadings(Buffer.concat([bytes, Buffer.of(0)])), null);
        const later = Buffer.from(bytes);
        later.writeUInt16LE(3, 4);
        assert.equal(decodeReadings(later), null);
      }),
    );
  });

  it('of version 1, which had no receipt, comes back without', () => {
    fc.assert(
      fc.property(rows, (values) => {
        const columns = columnsOf(values.map((row) => ({ ...row, receivedAtMs: null })));
        const bytes = encodeReadings(columns);
        const older = Buffer.from(bytes.subarray(0, bytes.length - lastColumnBytes(values.length)));
        older.writeUInt16LE(1, 4);
        const decoded = decodeReadings(older);
        assert.ok(decoded !== null);
        assert.deepEqual(plain(decoded), plain(columns));
      }),
    );
  });

  it('is refused or read, never a crash, whatever the bytes are', () => {
    fc.assert(
      fc.property(rows, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1 }), (values, changes) => {
        const bytes = encodeReadings(columnsOf(values));
        for (const [place, byte] of changes) bytes[place % bytes.length] = byte;
        const decoded = decodeReadings(bytes);
        if (decoded === null) return;
        for (let index = 0; index < rowsOf(decoded); index++) textAt(decoded.scanId, index);
      }),
    );
  });

  it('is split so that a license is in one partition, in its order, and nothing is lost', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 9 }), (values, partitions) => {
        const columns = columnsOf(values);
        const seen: string[][] = Array.from({ length: partitions }, () => []);
        for (const { partition, bytes } of splitReadings(columns, partitions)) {
          const part = decodeReadings(bytes);
          assert.ok(part !== null);
          for (let index = 0; index < rowsOf(part); index++) {
            const scanId = textAt(part.scanId, index);
            const key: string = isValid(part.license.valid, index) ? String(numberAt(part.license, index)) : scanId;
            assert.equal(partitionOfKey(key, partitions), partition);
            seen[partition]?.push(scanId);
          }
        }
        const expected: string[][] = Array.from({ length: partitions }, () => []);
        for (const { license, scanId } of values) {
          expected[partitionOfKey(license === null ? scanId : String(license), partitions)]?.push(scanId);
        }
        assert.deepEqual(seen, expected);
      }),
    );
  });

  it('of long rows is cut into messages that a broker takes', () => {
    const long = Array.from({ length: 300 }, (_, index) => ({
      ...{
        scanId: `S${index}`,
        machine: null,
        weightGrams: null,
        digest: 1n,
        license: 1,
        payload: null,
        pieceCount: 1n,
        receivedAtMs: null,
      },
      extra: 'x'.repeat(16_000),
    }));
    const parts = splitReadings(columnsOf(long), 1);
    assert.ok(parts.length > 1);
    assert.ok(parts.every(({ bytes }) => bytes.length < 2 ** 20));
    assert.equal(
      parts.reduce((total, { bytes }) => total + rowsOf(decodeReadings(bytes) ?? assert.fail()), 0),
      300,
    );
  });
});

describe('the partition of a key', () => {
  it("is the one that Kafka's own clients choose", () => {
    // Of the tests of org.apache.kafka.common.utils.Utils.murmur2.
    const hashes: [string, number][] = [
      ['21', -973_932_308],
      ['foobar', -790_332_482],
      ['a-little-bit-long-string', -985_981_536],
      ['a-little-bit-longer-string', -1_486_304_829],
      ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58_897_971],
      ['abc', 479_470_107],
    ];
    for (const [key, hash] of hashes) assert.equal(partitionOfKey(key, 2 ** 31), hash & 0x7fffffff, key);
  });
});

function stored(change: Partial<StoredMessage>): StoredMessage {
  return { partition: 3, offset: 1234n, timestampMs: 0, key: null, value: null, headers: {}, ...change };
}

describe('a message of scans', () => {
  it('is lines, with or without a last newline, blank ones left out', () => {
    for (const value of ['{"scanId":"a"}\n\n  \n{"scanId":"b"}', '{"scanId":"a"}\r\n{"scanId":"b"}\n']) {
      const read = readScanMessage(stored({ value: Buffer.from(value) }));
      assert.ok('kind' in read && read.kind === 'lines');
      assert.equal(read.lines.length, 2);
    }
  });

  it('of JSON may be written over several lines', () => {
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    const read = readScanMessage(stored({ headers, value: Buffer.from('{\n  "scanId": "a"\n}\n') }));
    assert.ok('kind' in read && read.kind === 'lines');
    assert.deepEqual(JSON.parse(String(read.lines[0])), { scanId: 'a' });
  });

  it('is poison where nothing can be made of it, and says why', () => {
    const png = { 'content-type': 'image/png' };
    const line = Buffer.from('{"scanId":"a"}');
    const cases: [Partial<StoredMessage>, keyof typeof DEAD_LETTER_REASONS][] = [
      [{ value: null }, 'null-value'],
      [{ value: Buffer.alloc(0) }, 'empty-value'],
      [{ value: Buffer.from(' \n\t\n') }, 'empty-value'],
      [{ value: Buffer.alloc(SCAN_MESSAGE_BYTES_MAX + 1) }, 'too-large'],
      [{ value: line, headers: { 'content-type': 'application/avro' } }, 'unknown-content-type'],
      [{ value: line, headers: { ce_type: 'indicia.scans.v2' } }, 'unknown-version'],
      [{ value: line, headers: png }, 'bad-scan-fields'],
      [{ value: line, headers: { ...png, scan: '{"scanId":' } }, 'bad-scan-fields'],
      [{ value: line, headers: { ...png, scan: '[]' } }, 'bad-scan-fields'],
    ];
    for (const [change, reason] of cases) {
      const read = readScanMessage(stored(change));
      assert.equal('code' in read ? read.code : 'read', reason);
    }
  });

  it('is put back from a dead letter as it was, with a note that it was', () => {
    const bytes = fc.uint8Array().map((any) => Buffer.from(any));
    const headers = fc.dictionary(fc.stringMatching(/^[a-z_-]{1,12}$/), text);
    fc.assert(
      fc.property(orNull(bytes), orNull(bytes), headers, (key, value, given) => {
        const message = stored({ key, value, headers: given });
        const letter = deadLetter('dead-letters', { topic: 'scans', message }, { code: 'null-value', detail: '' });
        assert.equal(letter.headers['dead-position'], 'scans/3@1234');
        const back = redriven(stored({ key, value: letter.value, headers: letter.headers }), new Set(['scans']));
        assert.deepEqual(back, { topic: 'scans', partition: null, key, value, headers: { ...given, redriven: '1' } });
        assert.equal(redriven(stored({ headers: letter.headers }), new Set(['readings'])), null);
      }),
    );
  });
});

describe('partitions among members', () => {
  it('are shared out evenly, each to one, and stay where they are as far as that allows', () => {
    const owned = fc.array(fc.nat(40), { maxLength: 20 });
    fc.assert(
      fc.property(
        fc.array(owned, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 0, max: 32 }),
        (claims, partitions) => {
          const members = claims.map((its, index) => ({ id: `member-${index}`, owned: its }));
          const assigned = assignSticky(members, partitions);
          const all = [...assigned.values()].flat().toSorted((left, right) => left - right);
          assert.deepEqual(
            all,
            Array.from({ length: partitions }, (_, partition) => partition),
          );
          const sizes = [...assigned.values()].map((its) => its.length);
          assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
          assert.deepEqual(
            assignSticky(
              members.map(({ id }) => ({ id, owned: assigned.get(id) ?? [] })),
              partitions,
            ),
            assigned,
          );
        },
      ),
    );
  });

  it('move only as many as a new member gets', () => {
    const before = assignSticky(
      [
        { id: 'a', owned: [] },
        { id: 'b', owned: [] },
      ],
      12,
    );
    const members = [...before].map(([id, owned]) => ({ id, owned }));
    const after = assignSticky([...members, { id: '0-new', owned: [] }], 12);
    const moved = members.flatMap(({ id, owned }) => owned.filter((partition) => !after.get(id)?.includes(partition)));
    assert.deepEqual(
      after.get('0-new'),
      moved.toSorted((left, right) => left - right),
    );
    assert.equal(moved.length, 4);
  });
});

describe('the address of a cluster', () => {
  it('names brokers and perhaps a topic', () => {
    assert.deepEqual(parseKafkaUrl('kafka://a:1'), { brokers: ['a:1'], topic: null });
    assert.deepEqual(parseKafkaUrl('kafka://a:1,[::1]:2/x.scans'), { brokers: ['a:1', '[::1]:2'], topic: 'x.scans' });
    for (const bad of ['kafka://', 'kafka://a', 'kafka://a:1/b/c', 'kafka://a:1/b c', 'kafka://a:x']) {
      assert.throws(() => parseKafkaUrl(bad), SourceError, bad);
    }
  });

  it('takes a password from the environment or a file, and refuses to go without', () => {
    const settings = { sasl: 'scram-sha-512', saslUser: 'plant' } as const;
    const given = connectionFor(['a:1'], settings, { INDICIA_KAFKA_SASL_PASSWORD: 'secret' });
    assert.deepEqual(given.sasl, { mechanism: 'scram-sha-512', username: 'plant', password: 'secret' });
    assert.throws(() => connectionFor(['a:1'], settings, {}), SourceError);
    assert.throws(() => connectionFor(['a:1'], { tlsCert: 'cert.pem' }, {}), SourceError);
    assert.equal(connectionFor(['a:1'], {}, {}).tls, null);
    assert.deepEqual(connectionFor(['a:1'], { tls: true }, {}).tls, {});
  });
});
