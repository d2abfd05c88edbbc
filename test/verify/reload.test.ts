import assert from 'node:assert/strict';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Store, StoreReader } from '../../analytics/index.ts';
import { runPipeline } from '../../app/pipeline.ts';
import { createReaderPool } from '../../app/reader-pool.ts';
import { TrustWatch } from '../../app/trust-watch.ts';
import type { Scan } from '../../indicium/index.ts';
import type { ScanSource } from '../../scans/index.ts';
import { isRefusal } from '../../verify/index.ts';
import { openUpstream, pullRegistry } from '../../verify/registry/index.ts';
import { scanOf } from '../support/evidence.ts';
import { SmallWorld } from '../support/marks.ts';
import { filesOf, NOW_MS, publisherIn } from '../support/published.ts';
import { recorderAt } from '../support/recording.ts';
import { temporaryFolder } from '../support/temporary.ts';

const VERSIONS = 100;
const KEYS = 40;

describe('a trust list that changes while pieces flow', () => {
  it('judges every piece by one whole version: none is missed, none by half a list', async (test) => {
    const world = new SmallWorld(KEYS, 1);
    // Odd versions know the keys of the even PSDs, even versions those of the odd ones: half a list would show.
    const filesFor = (version: number) => {
      const keys = world.records.keys.filter((_, index) => index % 2 !== version % 2);
      return filesOf({ ...world.records, keys });
    };
    const { publisher, folder: upstream } = await publisherIn(test);
    await publisher.publishList(filesFor(1), NOW_MS);
    const folder = await temporaryFolder(test);
    const registry = join(folder, 'registry');
    await cp(upstream, registry, { recursive: true });

    const refusals: string[] = [];
    const trust = await TrustWatch.open(registry, {
      nowMs: () => NOW_MS,
      onRefused: ({ message }) => refusals.push(message),
    });
    const recorder = await recorderAt(join(folder, 'store.duckdb'));
    const readers = createReaderPool(() => trust.current, 2);
    test.after(() => readers.close());

    let published = false;
    const publishing = (async () => {
      for (let version = 2; version <= VERSIONS; version++) {
        await publisher.publishList(filesFor(version), NOW_MS);
        const pulled = await pullRegistry(openUpstream(upstream), registry, NOW_MS);
        assert.ok(!isRefusal(pulled), JSON.stringify(pulled));
        await trust.reload();
      }
      published = true;
    })();

    let sent = 0;
    const source: ScanSource = {
      name: 'flow',
      async *batches() {
        while (!published) {
          const scans: Scan[] = Array.from({ length: KEYS }, (_, psd) => {
            return scanOf({ mark: { kind: 'payload', payload: world.frank(psd) }, scannedAtMs: NOW_MS });
          });
          sent += scans.length;
          yield { scans, position: null, notices: [], acknowledge: async () => {} };
        }
      },
    };
    const summary = await runPipeline({ source, readers, recorder });
    await publishing;
    recorder.close();
    assert.equal(summary.scans, sent);
    assert.deepEqual(refusals, []);
    assert.equal(trust.current.version, VERSIONS);

    const reader = await StoreReader.open(join(folder, 'store.duckdb'));
    const result = await reader.stream(
      `select trust_version, cast(split_part(psd, '-', 3) as integer) % 2 as parity, outcome, count(*)
       from pieces group by all order by all`,
    );
    const versions = new Set<number>();
    for await (const rows of result.yieldRows()) {
      for (const [version, parity, outcome] of rows) {
        versions.add(Number(version));
        const isKnown = Number(parity) !== Number(version) % 2;
        assert.equal(outcome, isKnown ? 'valid' : 'unknown-key', `version ${version}`);
      }
    }
    reader.close();
    assert.ok(versions.size >= VERSIONS / 4, `pieces were judged by only ${versions.size} versions`);
  });

  it('goes on with the list in use when the next one is broken, and says so', async (test) => {
    const world = new SmallWorld(1, 1);
    const { publisher, folder } = await publisherIn(test);
    await publisher.publishList(filesOf(world.records), NOW_MS);
    const refusals: string[] = [];
    const trust = await TrustWatch.open(folder, {
      nowMs: () => NOW_MS,
      onRefused: ({ message }) => refusals.push(message),
    });
    await publisher.publishList(filesOf({ ...world.records, keys: [] }), NOW_MS, { signers: 1 });
    assert.equal(await trust.reload(), false);
    assert.match(refusals.join(), /trust-unsigned/);
    assert.deepEqual([trust.current.version, trust.current.keys.size], [1, 1]);
    await writeFile(join(folder, 'trust-list.json'), '{');
    assert.equal(await trust.reload(), false);
    assert.equal(trust.current.version, 1);
  });
});

describe('a store', () => {
  it('is never judged on by an older list than before', async (test) => {
    const world = new SmallWorld(1, 1);
    const store = await Store.open(join(await temporaryFolder(test), 'store.duckdb'));
    await store.setRegistry({ ...world.registry, version: 7 });
    await assert.rejects(store.setRegistry({ ...world.registry, version: 6 }), /version 6 is older than version 7/);
    await store.setRegistry({ ...world.registry, version: 7 });
    store.close();
  });
});
