import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import { type DataType, tableFromIPC, type Vector } from 'apache-arrow';
import fc from 'fast-check';
import {
  openForQueries,
  type QueriedStore,
  QueryError,
  type QueryFormat,
  Store,
  writeResult,
} from '../../analytics/index.ts';
import { TYPE_MAPPINGS } from '../../analytics/store/queries/exact-types.ts';
import { Collected } from '../support/collected.ts';

/** A value of SQL, and what it is in the buffers of Arrow; DuckDB says itself what Parquet gave back. */
interface Sample {
  readonly sql: string;
  readonly arrow: unknown;
}

const whole = (sqlType: string, min: bigint, max: bigint, wrap: (value: bigint) => unknown = Number) =>
  fc.bigInt({ min, max }).map((value): Sample => ({ sql: `'${value}'::${sqlType}`, arrow: wrap(value) }));
const same = (value: bigint) => value;
/** Years 1 to 9999, which text of SQL can say. */
const MICROS = fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n });

const textOf = (value: number) => (Object.is(value, -0) ? '-0' : String(value));

/** By the type of SQL as the table of mappings names it. */
const SAMPLES: Readonly<Record<string, fc.Arbitrary<Sample>>> = {
  BOOLEAN: fc.boolean().map((value) => ({ sql: String(value), arrow: value })),
  TINYINT: whole('tinyint', -128n, 127n),
  SMALLINT: whole('smallint', -32_768n, 32_767n),
  INTEGER: whole('integer', -(2n ** 31n), 2n ** 31n - 1n),
  BIGINT: whole('bigint', -(2n ** 63n), 2n ** 63n - 1n, same),
  UTINYINT: whole('utinyint', 0n, 255n),
  USMALLINT: whole('usmallint', 0n, 65_535n),
  UINTEGER: whole('uinteger', 0n, 2n ** 32n - 1n),
  UBIGINT: whole('ubigint', 0n, 2n ** 64n - 1n, same),
  HUGEINT: whole('hugeint', -(10n ** 38n) + 1n, 10n ** 38n - 1n, same),
  UHUGEINT: whole('uhugeint', 0n, 10n ** 38n - 1n, same),
  FLOAT: fc.float({ noNaN: true }).map((value) => ({ sql: `'${textOf(value)}'::float`, arrow: value })),
  DOUBLE: fc.double({ noNaN: true }).map((value) => ({ sql: `'${textOf(value)}'::double`, arrow: value })),
  VARCHAR: fc
    .string({ unit: 'grapheme' })
    .filter((text) => !text.includes('\0'))
    .map((text) => ({ sql: `'${text.replaceAll("'", "''")}'`, arrow: text })),
  ENUM: fc.constantFrom('copy', 'fork').map((name) => ({ sql: `'${name}'::enum('copy', 'fork')`, arrow: name })),
  UUID: fc.uuid().map((text) => ({ sql: `'${text}'::uuid`, arrow: text.replaceAll('-', '') })),
  BLOB: fc.uint8Array().map((bytes) => {
    const hex = Buffer.from(bytes).toString('hex');
    return { sql: `unhex('${hex}')`, arrow: hex };
  }),
  DATE: fc
    .integer({ min: -719_000, max: 2_900_000 })
    .map((days) => ({ sql: `date '1970-01-01' + (${days})`, arrow: days })),
  TIME: fc
    .bigInt({ min: 0n, max: 86_399_999_999n })
    .map((micros) => ({ sql: `time '00:00' + to_microseconds(${micros})`, arrow: micros })),
  TIME_NS: fc.bigInt({ min: 0n, max: 86_399_999_999_999n }).map((nanos) => {
    const seconds = nanos / 1_000_000_000n;
    const parts = [seconds / 3600n, (seconds / 60n) % 60n, seconds % 60n].map((part) => String(part).padStart(2, '0'));
    return { sql: `'${parts.join(':')}.${String(nanos % 1_000_000_000n).padStart(9, '0')}'::time_ns`, arrow: nanos };
  }),
  TIMESTAMP: MICROS.map((micros) => ({ sql: `make_timestamp(${micros})`, arrow: micros })),
  'TIMESTAMP WITH TIME ZONE': MICROS.map((micros) => ({
    sql: `make_timestamp(${micros}) at time zone 'UTC'`,
    arrow: micros,
  })),
  TIMESTAMP_S: MICROS.map((micros) => {
    const seconds = micros / 1_000_000n;
    return { sql: `make_timestamp(${seconds * 1_000_000n})::timestamp_s`, arrow: seconds };
  }),
  TIMESTAMP_MS: MICROS.map((micros) => {
    const millis = micros / 1000n;
    return { sql: `make_timestamp(${millis * 1000n})::timestamp_ms`, arrow: millis };
  }),
  TIMESTAMP_NS: fc
    .bigInt({ min: 0n, max: 9n * 10n ** 18n })
    .map((nanos) => ({ sql: `make_timestamp_ns(${nanos})`, arrow: nanos })),
  INTERVAL: fc
    .tuple(
      fc.integer({ min: -9999, max: 9999 }),
      fc.integer({ min: -9999, max: 9999 }),
      fc.bigInt({ min: -(10n ** 13n), max: 10n ** 13n }),
    )
    .map(([months, days, micros]) => ({
      sql: `to_months(${months}) + to_days(${days}) + to_microseconds(${micros})`,
      arrow: [months, days, micros * 1000n],
    })),
};

/** The value in Arrow's buffers as it is, since getters of the library round times and decimals. */
function raw(vector: Vector<DataType>, row: number): unknown {
  if (!vector.isValid(row)) return null;
  const [data] = vector.data;
  assert.ok(data !== undefined);
  const name = String(vector.type);
  const bytes = (size: number) => {
    const { buffer, byteOffset } = data.values;
    return new DataView(buffer, byteOffset + row * size, size);
  };
  if (/^(Timestamp|Time64)/.test(name)) return bytes(8).getBigInt64(0, true);
  if (name.startsWith('Date32')) return bytes(4).getInt32(0, true);
  if (name.startsWith('Decimal')) return (bytes(16).getBigInt64(8, true) << 64n) + bytes(16).getBigUint64(0, true);
  if (name.startsWith('Interval')) {
    return [bytes(16).getInt32(0, true), bytes(16).getInt32(4, true), bytes(16).getBigInt64(8, true)];
  }
  const value: unknown = vector.get(row);
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
}

describe('answers of queries', () => {
  let store: QueriedStore;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'indicia-test-'));
    const path = join(folder, 'empty.duckdb');
    (await Store.open(path)).close();
    store = await openForQueries([path]);
  });
  after(async () => {
    store.close();
    await rm(folder, { recursive: true });
  });

  async function written(sql: string, format: QueryFormat): Promise<Buffer> {
    const output = new Collected();
    await writeResult(await store.query(sql), format, output);
    return output.bytes;
  }

  /** What DuckDB reads in the file, and the rows of the same statement that were never in one. */
  async function parquetAndSame(
    columns: readonly string[],
  ): Promise<readonly [types: string[], read: DuckDBValue[][], asked: DuckDBValue[][]]> {
    const path = join(folder, 'answer.parquet');
    await writeFile(path, await written(`select * from (values ${columns.join(', ')}) as rows (value)`, 'parquet'));
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run("set TimeZone = 'UTC'");
    const read = await connection.runAndReadAll(`from read_parquet('${path}')`);
    const types = read.columnTypes().map(String);
    const asked = await connection.runAndReadAll(
      `select value::${types[0]} from (values ${columns.join(', ')}) as rows (value)`,
    );
    connection.closeSync();
    instance.closeSync();
    return [types, read.getRows(), asked.getRows()];
  }

  for (const { sql, arrow, parquet } of TYPE_MAPPINGS) {
    const samples = SAMPLES[sql];
    const rows = () =>
      fc.array(fc.option(samples ?? fc.constant({ sql: '', arrow: null })), { minLength: 1, maxLength: 20 });

    if (arrow !== null && samples !== undefined) {
      it(`have ${sql} as ${arrow} in Arrow, to the last bit`, async () => {
        await fc.assert(
          fc.asyncProperty(samples, rows(), async (first, others) => {
            const values = [first, ...others];
            const text = `select * from (values ${values.map((value) => `(${value?.sql ?? 'null'})`).join(', ')}) as rows (value)`;
            const table = tableFromIPC(await written(text, 'arrow'));
            const column = table.getChildAt(0);
            assert.ok(column !== null);
            assert.equal(String(column.type), arrow);
            assert.deepEqual(
              values.map((_, index) => raw(column, index)),
              values.map((value) => value?.arrow ?? null),
            );
          }),
          { numRuns: 25 },
        );
      });
    }

    if (parquet !== null && samples !== undefined) {
      it(`have ${sql} as ${parquet} in Parquet, to the last bit`, async () => {
        await fc.assert(
          fc.asyncProperty(samples, rows(), async (first, others) => {
            const values = [first, ...others].map((value) => `(${value?.sql ?? 'null'})`);
            const [types, read, asked] = await parquetAndSame(values);
            assert.deepEqual(types, [parquet]);
            assert.deepEqual(read, asked);
          }),
          { numRuns: 5 },
        );
      });
    }
  }

  it('have a sample for every type that Arrow or Parquet has', () => {
    const named = TYPE_MAPPINGS.filter(({ arrow, parquet }) => arrow !== null || parquet !== null);
    assert.deepEqual(named.map(({ sql }) => sql).toSorted(), Object.keys(SAMPLES).toSorted());
  });

  it('have their types in the documentation', async () => {
    const text = await readFile(new URL('../../docs/STORE.md', import.meta.url), 'utf8');
    for (const { sql, arrow, parquet } of TYPE_MAPPINGS) {
      const cells = [sql, arrow, parquet].map((name) => (name === null ? '–' : `\`${name}\``));
      assert.ok(text.includes(`| ${cells.join(' | ')} |`), sql);
    }
  });

  it('keep counters beyond 2^53 and 2^63, and decimals, in both', async () => {
    const values = ['9007199254740993', '18446744073709551615', '-170141183460469231731687303715.884105'];
    const sql = `select ${values[0]}::bigint as a, ${values[1]}::ubigint as b, ${values[2]}::decimal(38, 6) as c`;
    const row = tableFromIPC(await written(sql, 'arrow'));
    const decimal = row.getChild('c');
    assert.ok(decimal !== null);
    assert.deepEqual(
      [row.getChild('a')?.get(0), row.getChild('b')?.get(0), raw(decimal, 0), String(decimal.type)],
      [9007199254740993n, 18446744073709551615n, -170141183460469231731687303715884105n, 'Decimal[38e+6]'],
    );
    const path = join(folder, 'large.parquet');
    await writeFile(path, await written(sql, 'parquet'));
    assert.deepEqual(await readBack(path), [values]);
  });

  it('keep lists, structs and maps of such values, and nulls in them', async () => {
    const sql = `select [make_timestamp(1), null] as list, {'at': make_timestamp(2), '1': 3::ubigint} as struct,
      map {'a': 4::hugeint} as map, [5, 6]::integer[2] as array, null::varchar[] as nothing`;
    const table = tableFromIPC(await written(sql, 'arrow'));
    assert.deepEqual(
      table.schema.fields.map(({ type }) => String(type)),
      [
        'List<Timestamp<MICROSECOND, UTC>>',
        'Struct<{at:Timestamp<MICROSECOND, UTC>, 1:Uint64}>',
        'Map<{key:Utf8, value:Decimal[38e0]}>',
        'List<Int32>',
        'List<Utf8>',
      ],
    );
    assert.equal(table.getChild('struct')?.get(0)?.['1'], 3n);
    assert.deepEqual([...(table.getChild('array')?.get(0) ?? [])], [5, 6]);
    assert.equal(table.getChild('nothing')?.get(0), null);
    const path = join(folder, 'nested.parquet');
    await writeFile(path, await written(sql, 'parquet'));
    assert.deepEqual(await readBack(path), [
      [
        "['1970-01-01 00:00:00.000001+00', NULL]",
        "{'at': '1970-01-01 00:00:00.000002+00', '1': 3}",
        '{a=4}',
        '[5, 6]',
        null,
      ],
    ]);
  });

  it('refuse by name what a format has no exact type or no room for', async () => {
    const refused: readonly (readonly [format: QueryFormat, sql: string, fault: RegExp])[] = [
      [
        'parquet',
        "select interval '1 day' as i",
        /column "i": Parquet has no exact type for INTERVAL; cast it to varchar/,
      ],
      ['parquet', "select [{'a': interval '1 day'}] as i", /column "i": Parquet has no exact type/],
      ['parquet', "select '01:02:03+05'::timetz as t", /column "t": Parquet has no exact type for TIME WITH TIME ZONE/],
      ['arrow', "select '01:02:03+05'::timetz as t", /column "t": Arrow has no exact type for TIME WITH TIME ZONE/],
      ['arrow', "select '101'::bit as b", /column "b": Arrow has no exact type for BIT/],
      ['arrow', `select ${10n ** 38n}::hugeint as h`, /column "h": 1000\d+ has more than 38 digits/],
      ['parquet', `select ${10n ** 38n}::hugeint as h`, /Conversion Error/],
      ['arrow', "select 'infinity'::timestamp as t", /column "t": an infinite date or time/],
      ['parquet', "select 'infinity'::timestamp as t", /an infinite date or time/],
      ['parquet', "select '-infinity'::date as d", /an infinite date or time/],
      ['arrow', 'select to_microseconds(9223372036854775807) as i', /column "i": an interval of more than 292 years/],
    ];
    for (const [format, sql, fault] of refused) {
      await assert.rejects(
        written(sql, format),
        (error) => error instanceof QueryError && fault.test(error.message),
        sql,
      );
    }
  });

  it('say times with their zone, in text and JSON as well', async () => {
    const sql = `select make_timestamp(1795514580123000) as ms, make_timestamp(1795514580123456) as us, date '2026-11-20' as day,
      time '10:03:00' as clock, timestamptz '2026-11-20 05:03:00-05' as zoned, interval '1 month -3.5 s' as span`;
    const expected = [
      '2026-11-24T10:03:00.123Z',
      '2026-11-24T10:03:00.123456Z',
      '2026-11-20',
      '10:03:00.000',
      '2026-11-20T10:03:00.000Z',
      'P1M0DT-3.5S',
    ];
    assert.equal((await written(sql, 'csv')).toString().split('\n')[1], expected.join(','));
    assert.deepEqual(Object.values(JSON.parse((await written(sql, 'json')).toString())), expected);
    const early = "select timestamp '0044-03-15 (BC) 12:00:00.000001' as bc, 'infinity'::timestamp as never";
    assert.equal((await written(early, 'csv')).toString().split('\n')[1], '-000043-03-15T12:00:00.000001Z,infinity');
  });

  async function readBack(path: string): Promise<DuckDBValue[][]> {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run("set TimeZone = 'UTC'");
    const read = await connection.runAndReadAll(`select columns(*)::varchar from read_parquet('${path}')`);
    connection.closeSync();
    instance.closeSync();
    return read.getRows();
  }
});
