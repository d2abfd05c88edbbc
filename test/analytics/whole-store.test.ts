import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import {
  acceptStore,
  auditStore,
  detect,
  Store,
  StoreError,
  type StoreProblem,
  StoreReader,
} from '../../analytics/index.ts';
import { EVIDENCE_COLUMNS } from '../../analytics/store/schema/columns.ts';
import type { Scan } from '../../indicium/index.ts';
import { booksOf } from '../support/books.ts';
import { type Evidence, evidenceColumns, judged, recordEvidence, scanOf } from '../support/evidence.ts';
import { SmallWorld } from '../support/marks.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** Evidence of many kinds: genuine, forged, unread, with and without every field that may be missing. */
function mixedEvidence(pieces: number): Evidence[] {
  const world = new SmallWorld(2, 2);
  const payloads = Array.from({ length: pieces }, (_, index) => {
    const payload = Buffer.from(world.frank(index % 2, index % 2));
    if (index % 5 === 1) payload[90] = (payload[90] ?? 0) ^ 1;
    return index % 7 === 3 ? payload.subarray(0, index % 90) : payload;
  });
  return judged(
    payloads.map((payload, index) => ({
      payload,
      scan: {
        plant: index % 3 === 0 ? null : `P${index}`,
        weightGrams: index % 4 === 0 ? index : null,
        extra: index % 6 === 0 ? JSON.stringify({ belt: 'Ä'.repeat(index % 30) }) : null,
        mailpieceId: index % 2 === 0 ? null : `J18C${index}`,
      },
    })),
    world.registry,
  );
}

async function storeOf(test: TestContext, batches: readonly (readonly Evidence[])[]): Promise<string> {
  const path = join(await temporaryFolder(test), 'store.duckdb');
  const store = await Store.open(path);
  for (const [index, batch] of batches.entries()) await recordEvidence(store, batch, 'test', `${index}`);
  store.close();
  return path;
}

/** A copy of the store's files as they are at one moment, as a power cut would leave them. */
function copyOf(path: string, to: string): void {
  for (const ending of ['', '.wal', '.anchor']) {
    rmSync(to + ending, { force: true });
    if (existsSync(path + ending)) copyFileSync(path + ending, to + ending);
  }
}

async function changed(path: string, sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
}

async function problemsOf(path: string): Promise<readonly StoreProblem[]> {
  return (await auditStore(path, () => {})).problems;
}

describe('evidence in a store', () => {
  it('is what was recorded, to the bit, and its links say so', async (test) => {
    const text = fc.string({ unit: 'binary', maxLength: 40 }).map((value) => value.toWellFormed());
    const scan: fc.Arbitrary<Partial<Scan>> = fc.record({
      plant: fc.option(text, { nil: null }),
      mailpieceId: fc.option(text, { nil: null }),
      weightGrams: fc.option(fc.nat(2 ** 31 - 1), { nil: null }),
      scannedAtMs: fc.option(fc.integer({ min: -1e12, max: 8.64e15 }), { nil: null }),
      extra: fc.option(text, { nil: null }),
      digest: fc.bigInt(0n, 2n ** 64n - 1n),
    });
    const payload = fc.uint8Array({ maxLength: 300 });
    const { registry } = new SmallWorld(1, 1);
    const path = join(await temporaryFolder(test), 'store.duckdb');
    const store = await Store.open(path);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.record({ payload, scan }), { maxLength: 20 }), async (pieces) => {
        const evidence = judged(pieces, registry);
        const before = store.rows;
        await recordEvidence(store, evidence, 'any', null);
        const result = await store.connection.runAndReadAll(
          `select scan_id, plant, mailpiece_id, weight_grams, scanned_at_ms, extra, scan_digest, hex(payload), outcome
           from evidence where row_id > $1 order by row_id`,
          [before],
        );
        assert.deepEqual(
          result.getRows(),
          evidence.map(({ scan: sent, reading }) => [
            sent.scanId,
            sent.plant,
            sent.mailpieceId,
            sent.weightGrams,
            sent.scannedAtMs === null ? null : BigInt(sent.scannedAtMs),
            sent.extra,
            sent.digest,
            reading.payload === null ? null : Buffer.from(reading.payload).toString('hex').toUpperCase(),
            reading.outcome,
          ]),
        );
      }),
      { numRuns: 40 },
    );
    store.close();
    assert.deepEqual(await problemsOf(path), []);
  });

  it('of more rows than a vector holds is the same', async (test) => {
    const path = await storeOf(test, [mixedEvidence(5_000), mixedEvidence(2_049), mixedEvidence(1)]);
    assert.deepEqual(await problemsOf(path), []);
    const reader = await StoreReader.open(path);
    assert.equal((await Array.fromAsync(reader.verdicts())).length, 7_050);
    reader.close();
  });

  it('that was changed is found and named, in any column', async (test) => {
    const path = await storeOf(test, [mixedEvidence(70), mixedEvidence(30)]);
    const copy = join(await temporaryFolder(test), 'tampered.duckdb');
    for (const { name, type } of EVIDENCE_COLUMNS) {
      if (name === 'row_id') continue;
      copyOf(path, copy);
      const kind = type.toString();
      const other = kind === 'BLOB' ? `'\\x07'::blob` : kind === 'VARCHAR' ? `'forty-two'` : '42';
      await changed(
        copy,
        `update evidence set ${name} = case when ${name} is null then ${other} end where row_id = 42`,
      );
      assert.deepEqual(
        (await problemsOf(copy)).map(({ problem, row }) => [problem, row]),
        [['row-changed', 42n]],
        name,
      );
    }
  });

  it('that was changed far behind the 2,048 links that DuckDB hands out at a time is found as well', async (test) => {
    const path = join(await temporaryFolder(test), 'store.duckdb');
    const store = await Store.open(path);
    const [evidence] = mixedEvidence(1);
    assert.ok(evidence !== undefined);
    const batch = { ...evidenceColumns([evidence]), source: 'test', policyVersion: 1 };
    await store.write(Array.from({ length: 2_100 }, (_, index) => ({ ...batch, position: `${index}` })));
    store.close();
    await changed(path, 'update evidence set weight_grams = 7 where row_id = 2090');
    assert.deepEqual(
      (await problemsOf(path)).map(({ problem, row }) => [problem, row]),
      [['row-changed', 2_090n]],
    );
  });

  it('that was added, removed, doubled or moved is found and named', async (test) => {
    const path = await storeOf(test, [mixedEvidence(20), mixedEvidence(20)]);
    const copy = join(await temporaryFolder(test), 'tampered.duckdb');
    const cases: [string, [string, bigint | null][]][] = [
      [
        "insert into evidence select * replace (null as row_id, 'planted' as scan_id) from evidence where row_id = 3",
        [['row-added', null]],
      ],
      ['delete from evidence where row_id = 7', [['row-missing', 7n]]],
      ['insert into evidence select * from evidence where row_id = 33', [['row-added', 33n]]],
      ['insert into evidence select * replace (41 as row_id) from evidence where row_id = 33', [['row-added', 41n]]],
      [
        'update evidence set row_id = case row_id when 8 then 9 else 8 end where row_id in (8, 9)',
        [
          ['row-changed', 8n],
          ['row-changed', 9n],
        ],
      ],
    ];
    for (const [sql, expected] of cases) {
      copyOf(path, copy);
      await changed(copy, sql);
      assert.deepEqual(
        (await problemsOf(copy)).map(({ problem, row }) => [problem, row]),
        expected,
        sql,
      );
    }
  });

  it('that was rewritten together with its checks, its digests or its whole chain is found, too', async (test) => {
    const path = await storeOf(test, [mixedEvidence(20), mixedEvidence(20)]);
    const copy = join(await temporaryFolder(test), 'tampered.duckdb');
    const other = await storeOf(test, [mixedEvidence(20), mixedEvidence(20)]);
    copyOf(path, copy);
    // Rows and chain of another store, whole and consistent: only the anchor outside the file knows better.
    await changed(
      copy,
      `attach '${other}' as other (read_only); delete from evidence; delete from chain;
       insert into evidence from other.evidence; insert into chain from other.chain;`,
    );
    assert.deepEqual(
      (await problemsOf(copy)).map(({ problem }) => problem),
      ['history-differs'],
    );
    await assert.rejects(Store.open(copy), /not those that were acknowledged/);
    copyOf(path, copy);
    await changed(copy, `update chain set digest = head where first_row = 1`);
    assert.deepEqual(
      (await problemsOf(copy)).map(({ problem, row }) => [problem, row]),
      [
        ['batch-changed', 1n],
        ['chain-broken', 1n],
      ],
    );
  });
});

describe('a store whose files were cut off', () => {
  it('is refused at every commit of its write-ahead log that is missing, and opened where none is', async (test) => {
    const folder = await temporaryFolder(test);
    const path = join(folder, 'store.duckdb');
    const copy = join(folder, 'copy.duckdb');
    const store = await Store.open(path);
    const sizes: number[] = [];
    for (let batch = 0; batch < 6; batch++) {
      await recordEvidence(store, mixedEvidence(10), 'test', `${batch}`);
      sizes.push(readFileSync(`${path}.wal`).length);
    }
    // Taken while it is open: closing it would put the log into the file.
    copyOf(path, join(folder, 'whole.duckdb'));
    store.close();
    for (const [batch, size] of sizes.entries()) {
      for (const at of new Set([size, size - 1, Math.max(0, size - 200)])) {
        copyOf(join(folder, 'whole.duckdb'), copy);
        truncateSync(`${copy}.wal`, at);
        if (at === sizes.at(-1)) {
          (await Store.open(copy)).close();
          continue;
        }
        await assert.rejects(
          Store.open(copy),
          (error) => {
            return error instanceof StoreError && /of 60 acknowledged rows/.test(error.message);
          },
          `batch ${batch} cut at ${at}`,
        );
        await assert.rejects(StoreReader.open(copy), StoreError);
      }
    }
    copyOf(join(folder, 'whole.duckdb'), copy);
    rmSync(`${copy}.wal`);
    await assert.rejects(Store.open(copy), /lacks 60 of 60 acknowledged rows/);
  });

  it('may be ahead of its anchor by what was committed when it was killed, and is never without one', async (test) => {
    const path = await storeOf(test, [mixedEvidence(10)]);
    const anchor = readFileSync(`${path}.anchor`);
    const store = await Store.open(path);
    await recordEvidence(store, mixedEvidence(5), 'test', 'later');
    store.close();
    writeFileSync(`${path}.anchor`, anchor);
    (await Store.open(path)).close();
    assert.deepEqual(await problemsOf(path), []);
    rmSync(`${path}.anchor`);
    await assert.rejects(Store.open(path), /\.anchor beside the store/);
  });

  it('has an anchor that survives a torn write', async (test) => {
    const path = await storeOf(test, [mixedEvidence(10), mixedEvidence(10), mixedEvidence(10)]);
    const whole = await readFile(`${path}.anchor`);
    for (let at = 0; at < 52; at++) {
      for (const slot of [0, 4_096]) {
        const torn = Buffer.from(whole);
        torn[slot + at] = (torn[slot + at] ?? 0) ^ 0xff;
        writeFileSync(`${path}.anchor`, torn);
        (await Store.open(path)).close();
        writeFileSync(`${path}.anchor`, whole);
      }
    }
  });

  it('with flipped bits is refused, or found out by its audit', async (test) => {
    const path = await storeOf(test, [mixedEvidence(3_000)]);
    const whole = readFileSync(path);
    const copy = join(await temporaryFolder(test), 'rotten.duckdb');
    let found = 0;
    for (let at = 5_000; at < whole.length; at += 37_003) {
      const rotten = Buffer.from(whole);
      rotten[at] = (rotten[at] ?? 0) ^ 0x10;
      copyOf(path, copy);
      writeFileSync(copy, rotten);
      const problems = await problemsOf(copy).catch((error: Error) => [error]);
      if (problems.length > 0) found += 1;
      else {
        // A bit of an unused block: the rows are all as they were.
        (await Store.open(copy)).close();
      }
    }
    assert.ok(found > 5, `only ${found} flips were noticed`);
  });
});

describe('a store of version 3', () => {
  it('is brought up: its evidence linked and anchored, its registry that of one list, its findings made anew', async (test) => {
    const path = join(await temporaryFolder(test), 'old.duckdb');
    const schema = await readFile(new URL('../vectors/store-v3.sql', import.meta.url), 'utf8');
    await changed(
      path,
      `${schema} insert into evidence (row_id, scan_id, scan_digest, source, outcome, disposition, reasons, trust_version)
       select range, 'scan ' || range, range, 'old', 'payload-empty', 'manual', 'payload-empty', 1 from range(1, 12001);
       update evidence set outcome = 'forged', license = 1000, psd = '06-2S-0', content_digest = 1, piece_count = 1
       where row_id = 77;
       insert into source_position values ('old', '12000');
       insert into registry_version values (1, 'books', 0);
       insert into registry_license values (1000, 'Holder', 'Shelton', '06484', 3, 0, 8640000000000000, null);
       insert into registry_plant values ('P1', '06484');
       insert into finding values ('copy', 'high', 1000, '06-2S-0', ['x'], 'old');`,
    );
    await assert.rejects(StoreReader.open(path), /store version 3; this program reads version \d+; 'indicia doctor/);
    await assert.rejects(Store.open(path), /version 3 had no chain and no anchor .* doctor --db .* --accept/);
    await acceptStore(path, { author: { name: 'ann', nowMs: () => 5 } });
    const store = await Store.open(path);
    assert.equal(store.rows, 12_000n);
    assert.equal(await store.positionOf('old'), '12000');
    const rows = async (sql: string) => (await store.connection.runAndReadAll(sql)).getRowsJson();
    assert.deepEqual(await rows('select license, since_version, until_version from licenses_history'), [
      ['1000', '1', null],
    ]);
    assert.deepEqual(await rows('select version from lists'), [['1']]);
    await detect(store);
    assert.deepEqual(await rows('select kind, scan_ids from findings'), [['forged', ['scan 77']]]);
    const plants = [{ plant: 'P1', postcode: '06484', latitude: 41, longitude: -73 }];
    await store.setRegistry(booksOf({ version: 2, digest: 'second', plants }));
    assert.deepEqual(await rows('select latitude, since_version, until_version from plants_history order by all'), [
      [41, '2', null],
      [null, '1', '2'],
    ]);
    await detect(store);
    assert.equal((await rows('from cases')).length, 1);
    await recordEvidence(
      store,
      judged([{ payload: Buffer.alloc(1), scan: scanOf() }], new SmallWorld(1, 1).registry),
      'new',
      null,
    );
    store.close();
    assert.deepEqual(await problemsOf(path), []);
    await changed(path, 'update store_version set version = 3');
    await assert.rejects(Store.open(path), /has the tables of version 6: it was changed/);
    await changed(path, 'update store_version set version = 6');
    rmSync(`${path}.anchor`);
    await assert.rejects(Store.open(path), StoreError, 'from then on it is held to its anchor');
  });
});

it('a store that was made to look like one of version 3, with some of its rows, is refused', async (test) => {
  const path = await storeOf(test, [mixedEvidence(20)]);
  const schema = await readFile(new URL('../vectors/store-v3.sql', import.meta.url), 'utf8');
  const anchor = readFileSync(`${path}.anchor`);
  rmSync(path);
  await changed(
    path,
    `${schema} insert into evidence (row_id, scan_id, scan_digest, source, outcome, disposition, reasons, trust_version)
     select range, 'scan ' || range, range, 'old', 'valid', 'accept', '', 1 from range(1, 11);`,
  );
  await assert.rejects(
    Store.open(path),
    /says that it is a store of version 3, .* the anchor beside it is of a later version/,
  );
  assert.deepEqual(readFileSync(`${path}.anchor`), anchor);
});
