import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import sharp from 'sharp';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';

/**
 * What a competent engineer writes in an afternoon: every library as it comes, one piece after another. A piece is decoded
 * with sharp and zxing-wasm, verified with node:crypto by the key it names, and inserted into DuckDB, where a unique index
 * tells a mark that was seen before. It shares no code with the rest of the project, and knows no licenses, dates, registers,
 * sightings, chains or findings.
 *
 *   node benchmarks/baseline/afternoon.ts SCANS.ndjson --keys KEYS.ndjson --db FILE.duckdb [--limit N]
 *
 * The last line on standard output is a summary as JSON; the table `pieces` holds an answer for every scan.
 */

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { keys: { type: 'string' }, db: { type: 'string' }, limit: { type: 'string' } },
});
const [scans] = positionals;
if (scans === undefined || values.keys === undefined || values.db === undefined) {
  process.stderr.write('usage: afternoon.ts SCANS.ndjson --keys KEYS.ndjson --db FILE.duckdb [--limit N]\n');
  process.exit(2);
}
const limit = Number(values.limit ?? Number.POSITIVE_INFINITY);

type Answer =
  | 'genuine'
  | 'seen before'
  | 'bad signature'
  | 'unknown key'
  | 'not an indicium'
  | 'no symbol'
  | 'no image';

interface Key {
  readonly key: KeyObject;
  readonly suite: string;
  readonly psd: string;
  readonly license: number;
}

interface Fields {
  readonly keyId: number;
  readonly license: number;
  readonly psd: string;
  readonly pieceCount: bigint;
  readonly ascendingMills: number;
  readonly postageMills: number;
  readonly printedAtSeconds: number;
}

// Fetched from a network unless it is given.
const wasm = readFileSync(fileURLToPath(import.meta.resolve('zxing-wasm/reader/zxing_reader.wasm')));
prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(wasm).buffer } });

const keys = new Map<number, Key>();
for (const line of readFileSync(values.keys, 'utf8').split('\n')) {
  if (line === '') continue;
  const { keyId, suite, spki, psd, license } = JSON.parse(line);
  const key = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
  keys.set(keyId, { key, suite, psd, license });
}

const instance = await DuckDBInstance.create(values.db);
const connection = await instance.connect();
await connection.run(`create table if not exists pieces (scan_id varchar, plant varchar, scanned_at varchar, license bigint,
  psd varchar, piece_count ubigint, ascending_mills bigint, postage_mills bigint, printed_at_seconds bigint, payload blob,
  answer varchar)`);
await connection.run('create unique index if not exists mark on pieces (license, psd, piece_count)');

const counts: Partial<Record<Answer, number>> = {};
let count = 0;
const startedAtMs = performance.now();
for await (const line of createInterface({ input: createReadStream(scans), crlfDelay: Number.POSITIVE_INFINITY })) {
  if (line === '' || count >= limit) continue;
  const scan = JSON.parse(line);
  const answer = await answerTo(scan, connection);
  counts[answer] = (counts[answer] ?? 0) + 1;
  count += 1;
}
const seconds = (performance.now() - startedAtMs) / 1000;
connection.closeSync();
instance.closeSync();
process.stdout.write(`${JSON.stringify({ scans: count, seconds, answers: counts })}\n`);

interface ScanRecord {
  readonly scanId: string;
  readonly plant: string;
  readonly scannedAt: string;
  readonly payload?: string;
  readonly image?: string;
}

async function answerTo(scan: ScanRecord, db: DuckDBConnection): Promise<Answer> {
  const payload = await payloadOf(scan);
  const fields = typeof payload === 'string' ? null : fieldsOf(payload);
  if (typeof payload === 'string') return insert(db, scan, null, null, payload);
  if (fields === null) return insert(db, scan, payload, null, 'not an indicium');
  const key = keys.get(fields.keyId);
  if (key === undefined) return insert(db, scan, payload, null, 'unknown key');
  if (!isSigned(payload, key) || key.license !== fields.license || key.psd !== fields.psd) {
    return insert(db, scan, payload, null, 'bad signature');
  }
  return insert(db, scan, payload, fields, 'genuine');
}

async function payloadOf({ payload, image }: ScanRecord): Promise<Buffer | 'no image' | 'no symbol'> {
  if (payload !== undefined) return Buffer.from(payload, 'base64');
  if (image === undefined) return 'no image';
  const file = resolve(dirname(scans ?? ''), image);
  const { data, info } = await sharp(file)
    .ensureAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const pixels = new Uint8ClampedArray(data.buffer, data.byteOffset, data.length);
  const [symbol] = await readBarcodes({ data: pixels, width: info.width, height: info.height, colorSpace: 'srgb' });
  return symbol === undefined ? 'no symbol' : Buffer.from(symbol.bytes);
}

/** The table of docs/INDICIUM.md; null for what is something else. */
function fieldsOf(payload: Buffer): Fields | null {
  if (payload.length < 71 + 56 || payload[0] !== 1) return null;
  return {
    keyId: payload.readUIntBE(3, 6),
    license: payload.readUIntBE(9, 6),
    psd: `${payload.toString('latin1', 15, 17)}-${payload.toString('latin1', 17, 19)}-${payload.readUInt32BE(19)}`,
    pieceCount: payload.readBigUInt64BE(27),
    ascendingMills: payload.readUIntBE(35, 6),
    postageMills: payload.readUInt32BE(47),
    printedAtSeconds: payload.readUInt32BE(53),
  };
}

function isSigned(payload: Buffer, { key, suite }: Key): boolean {
  const [signed, signature] = [payload.subarray(0, 71), payload.subarray(71)];
  if (suite.startsWith('ecdsa')) return verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature);
  return verify(suite === 'ed25519' ? null : 'sha256', signed, key, signature);
}

async function insert(
  db: DuckDBConnection,
  { scanId, plant, scannedAt }: ScanRecord,
  payload: Buffer | null,
  fields: Fields | null,
  answer: Answer,
): Promise<Answer> {
  const statement = await db.prepare('insert into pieces values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)');
  const bindText = (at: number, value: string | null) =>
    value === null ? statement.bindNull(at) : statement.bindVarchar(at, value);
  const bindNumber = (at: number, value: number | bigint | null) =>
    value === null ? statement.bindNull(at) : statement.bindBigInt(at, BigInt(value));
  bindText(1, scanId);
  bindText(2, plant);
  bindText(3, scannedAt);
  bindNumber(4, fields?.license ?? null);
  bindText(5, fields?.psd ?? null);
  if (fields === null) statement.bindNull(6);
  else statement.bindUBigInt(6, fields.pieceCount);
  bindNumber(7, fields?.ascendingMills ?? null);
  bindNumber(8, fields?.postageMills ?? null);
  bindNumber(9, fields?.printedAtSeconds ?? null);
  if (payload === null) statement.bindNull(10);
  else statement.bindBlob(10, payload);
  bindText(11, answer);
  try {
    await statement.run();
  } catch (error) {
    if (fields === null || !(error instanceof Error) || !/Duplicate key/.test(error.message)) throw error;
    return insert(db, { scanId, plant, scannedAt }, payload, null, 'seen before');
  }
  return answer;
}
