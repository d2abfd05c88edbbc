import { createHash } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../psd-sim/random.ts';
import { TrustPublisher } from '../psd-sim/trust-publisher.ts';
import { KeyRing } from '../verify/index.ts';
import { loadRegistry } from '../verify/registry/index.ts';
import { machine, markdownTable } from './table.ts';

/**
 * How long a published registry takes to load, signatures and digests checked, and what it needs in memory. INDICIA_KEYS sets how large it
 * becomes (100,000; the largest there is to measure is 1,000,000).
 */

const KEYS_MAX = Number(process.env.INDICIA_KEYS ?? 100_000);
const SIZES = [1_000, 100_000, 1_000_000].filter((keys) => keys <= KEYS_MAX);
const NOW_MS = Date.UTC(2026, 10, 21);
const PREFIX = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex');

const rows: string[][] = [];
for (const keys of SIZES) {
  const folder = await mkdtemp(join(tmpdir(), 'indicia-bench-'));
  try {
    const publisher = new TrustPublisher(new Random('trust benchmark'), folder);
    await publisher.publishRoot();
    await publisher.publishList(filesWith(keys), NOW_MS);
    const { size } = await stat(join(folder, 'keys.ndjson'));
    globalThis.gc?.();
    const before = process.memoryUsage();
    const startedAtMs = performance.now();
    const registry = await loadRegistry(folder, NOW_MS);
    const seconds = (performance.now() - startedAtMs) / 1000;
    const peakMb = (process.memoryUsage().rss - before.rss) / 2 ** 20;
    const arrays = Object.values(registry.keys).filter((value) => ArrayBuffer.isView(value));
    const tableMb = arrays.reduce((sum, array) => sum + array.byteLength, 0) / 2 ** 20;
    const found = new KeyRing(registry).find(keys);
    if (found !== keys - 1) throw new Error('a key was lost');
    rows.push([
      keys.toLocaleString('en-US'),
      (size / 2 ** 20).toFixed(1),
      seconds.toFixed(2),
      (keys / seconds).toFixed(0),
      tableMb.toFixed(1),
      Math.max(0, peakMb).toFixed(0),
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
}
process.stdout.write(`${machine()}; one thread; one license and one grant for each key\n\n`);
const headings = ['keys', 'keys.ndjson, MB', 'seconds', 'keys a second', 'table, MB', 'process grew by, MB'];
process.stdout.write(markdownTable(headings, rows));

function filesWith(keys: number): Map<string, string> {
  const validity = { validFromMs: 0, validToMs: 8.64e15, revokedAtMs: null };
  const line = (record: object) => `${JSON.stringify(record)}\n`;
  const all = (record: (index: number) => object) => {
    const parts: string[] = [];
    for (let index = 0; index < keys; index++) parts.push(line(record(index)));
    return parts.join('');
  };
  const psd = (index: number) => `06-2S-${index}`;
  return new Map([
    [
      'keys.ndjson',
      all((index) => ({
        keyId: index + 1,
        psd: psd(index),
        license: index + 1,
        suite: 'ecdsa-p256-sha256',
        spki: Buffer.concat([PREFIX, noise(index), noise(-index - 1)]).toString('base64'),
        ...validity,
        compromisedFromMs: null,
      })),
    ],
    [
      'licenses.ndjson',
      all((index) => ({
        license: index + 1,
        holder: `Holder ${index}`,
        town: 'Shelton',
        depositPostcode: '06484',
        psdLimit: 1,
        ...validity,
      })),
    ],
    ['grants.ndjson', all((index) => ({ license: index + 1, psd: psd(index), grantedAtMs: 0, endedAtMs: null }))],
    ['psds.ndjson', all((index) => ({ psd: psd(index), user: `Holder ${index}` }))],
    ['funds.ndjson', ''],
  ]);
}

function noise(seed: number): Buffer {
  return createHash('sha256').update(String(seed)).digest();
}
