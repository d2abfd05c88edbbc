import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { Random } from '../../psd-sim/random.ts';
import { TrustPublisher } from '../../psd-sim/trust-publisher.ts';
import type { TrustRefusal } from '../../verify/index.ts';
import { loadRegistry, type Pulled } from '../../verify/registry/index.ts';
import { leafHash, rootOf } from '../../verify/trust/merkle.ts';
import { consistencyProof, isConsistent } from '../support/merkle-proofs.ts';
import { failureOf, filesPaid, postAndVerifier } from '../support/post-and-verifier.ts';
import { NOW_MS, publisherIn } from '../support/published.ts';
import { temporaryFolder } from '../support/temporary.ts';

describe('pulling a trust list', () => {
  it('takes the next version by its increment, later ones with all files, and nothing when nothing is new', async (test) => {
    const { publisher, pull, paid, version } = await postAndVerifier(test);
    await publisher.publishList(filesPaid(2), NOW_MS);
    assert.deepEqual(await pull(), { version: 2, rootVersion: 1, how: 'increment' });
    assert.deepEqual([await paid(), await version()], [2, 2]);
    await publisher.publishList(filesPaid(3), NOW_MS);
    await publisher.publishList(filesPaid(4), NOW_MS);
    assert.deepEqual(await pull(), { version: 4, rootVersion: 1, how: 'files' });
    assert.deepEqual(await pull(), { version: 4, rootVersion: 1, how: 'current' });
    assert.equal(await paid(), 4);
  });

  it('takes all files when the increment does not lead to what was signed', async (test) => {
    const { publisher, upstream, registry, pull, paid } = await postAndVerifier(test);
    await publisher.publishList(filesPaid(2), NOW_MS);
    await writeFile(join(upstream, 'increments', '2.ndjson'), '{"file":"keys.ndjson","at":0,"remove":9,"insert":[]}\n');
    assert.deepEqual(await pull(), { version: 2, rootVersion: 1, how: 'files' });
    await publisher.publishList(filesPaid(3), NOW_MS);
    await rm(join(registry, 'keys.ndjson'));
    assert.deepEqual(await pull(), { version: 3, rootVersion: 1, how: 'files' });
    assert.equal(await paid(), 3);
  });

  it('works over HTTP', async (test) => {
    const { publisher, upstream, pull } = await postAndVerifier(test);
    await publisher.publishList(filesPaid(2), NOW_MS);
    const server = createServer((request, response) => {
      readFile(join(upstream, request.url ?? '')).then(
        (bytes) => response.end(bytes),
        () => response.writeHead(404).end(),
      );
    }).listen(0, '127.0.0.1');
    test.after(() => server.close());
    await once(server, 'listening');
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    assert.equal(failureOf(await pull(`http://127.0.0.1:${address.port}`)), 'accepted 2');
  });
});

describe('attacks on the trust list are refused, and the list in use stays', () => {
  const attacks: [
    string,
    string,
    (scene: Awaited<ReturnType<typeof postAndVerifier>>, test: TestContext) => Promise<Pulled | TrustRefusal>,
  ][] = [
    [
      'rollback: an older list is delivered',
      'trust-rollback',
      async ({ publisher, upstream, pull }, test) => {
        const old = join(await temporaryFolder(test), 'old');
        await cp(upstream, old, { recursive: true });
        await publisher.publishList(filesPaid(2), NOW_MS);
        await pull();
        return pull(old);
      },
    ],
    [
      'freeze: an expired list is delivered forever',
      'trust-expired',
      async ({ publisher, pull }) => {
        await publisher.publishList(filesPaid(2), NOW_MS, { expiresAtMs: NOW_MS + 1_000 });
        assert.equal(failureOf(await pull(undefined, NOW_MS + 999)), 'accepted 2');
        return pull(undefined, NOW_MS + 1_000);
      },
    ],
    [
      'threshold not met: one signature of two',
      'trust-unsigned',
      async ({ publisher, pull }) => {
        await publisher.publishList(filesPaid(2), NOW_MS, { signers: 1 });
        return pull();
      },
    ],
    [
      'one key signs twice',
      'trust-unsigned',
      async ({ publisher, upstream, pull }) => {
        await publisher.publishList(filesPaid(2), NOW_MS, { signers: 1 });
        const path = join(upstream, 'trust-list.json');
        const envelope = JSON.parse(await readFile(path, 'utf8'));
        envelope.signatures.push(envelope.signatures[0]);
        await writeFile(path, JSON.stringify(envelope));
        return pull();
      },
    ],
    [
      'wrong root: a list that somebody else signed',
      'trust-unsigned',
      async ({ pull }, test) => {
        const { publisher, folder } = await publisherIn(test, 'somebody else');
        await publisher.publishList(filesPaid(1), NOW_MS);
        await publisher.publishList(filesPaid(2), NOW_MS);
        return pull(folder);
      },
    ],
    [
      'wrong root: a root that the present one did not sign, with a list by its keys',
      'trust-unsigned',
      async ({ pull }, test) => {
        const { publisher, folder } = await publisherIn(test, 'somebody else');
        await publisher.rotateKeys();
        await publisher.publishList(filesPaid(1), NOW_MS);
        return pull(folder);
      },
    ],
    [
      'mix and match: a file of another version beside the signed head',
      'trust-inconsistent',
      async ({ publisher, upstream, pull }) => {
        await publisher.publishList(filesPaid(2), NOW_MS);
        await publisher.publishList(filesPaid(3), NOW_MS);
        await writeFile(join(upstream, 'funds.ndjson'), filesPaid(9).get('funds.ndjson') ?? '');
        return pull();
      },
    ],
    [
      'endless data: a file longer than was signed',
      'trust-too-large',
      async ({ publisher, upstream, pull }) => {
        await publisher.publishList(filesPaid(2), NOW_MS);
        await publisher.publishList(filesPaid(3), NOW_MS);
        await writeFile(join(upstream, 'keys.ndjson'), Buffer.alloc(2 ** 22, 10));
        return pull();
      },
    ],
    [
      'endless data: a head that does not end',
      'trust-too-large',
      async ({ upstream, pull }) => {
        await writeFile(join(upstream, 'trust-list.json'), Buffer.alloc(2 ** 22, 32));
        return pull();
      },
    ],
    [
      'split view: another list under the version that was accepted',
      'trust-split',
      async ({ pull }, test) => {
        const twin = new TrustPublisher(new Random('post'), join(await temporaryFolder(test), 'twin'));
        await twin.publishRoot();
        await twin.publishList(filesPaid(77), NOW_MS);
        return pull(twin.folder);
      },
    ],
    [
      'split view: a later list in whose history the accepted one is missing',
      'trust-split',
      async ({ pull }, test) => {
        const folder = join(await temporaryFolder(test), 'twin');
        const twin = new TrustPublisher(new Random('post'), folder);
        await twin.publishRoot();
        for (const mills of [77, 78, 79]) await twin.publishList(filesPaid(mills), NOW_MS);
        return pull(folder);
      },
    ],
    [
      'a log that does not give the signed root',
      'trust-inconsistent',
      async ({ publisher, upstream, pull }) => {
        await publisher.publishList(filesPaid(2), NOW_MS);
        const log = await readFile(join(upstream, 'log.txt'), 'utf8');
        await writeFile(
          join(upstream, 'log.txt'),
          log.replace(/^./, (digit) => (digit === 'a' ? 'b' : 'a')),
        );
        return pull();
      },
    ],
    [
      'a document of another type',
      'trust-malformed',
      async ({ upstream, pull }) => {
        await cp(join(upstream, 'root.json'), join(upstream, 'trust-list.json'));
        return pull();
      },
    ],
    [
      'a part is missing',
      'trust-missing',
      async ({ publisher, upstream, pull }) => {
        await publisher.publishList(filesPaid(2), NOW_MS);
        await publisher.publishList(filesPaid(3), NOW_MS);
        await rm(join(upstream, 'grants.ndjson'));
        return pull();
      },
    ],
  ];
  for (const [name, failure, attack] of attacks) {
    it(name, async (test) => {
      const scene = await postAndVerifier(test);
      assert.equal(failureOf(await attack(scene, test)), failure);
      await loadRegistry(scene.registry, NOW_MS);
    });
  }

  it('fast-forward: a version made far too high is undone by new list keys', async (test) => {
    const { publisher, pull, version, paid } = await postAndVerifier(test);
    // The thief of two list keys publishes many versions; verifiers that saw them will not go back...
    for (const mills of [660, 661, 662, 663]) await publisher.publishList(filesPaid(mills), NOW_MS);
    assert.equal(failureOf(await pull()), 'accepted 5');
    const honest = new TrustPublisher(new Random('post'), join(await temporaryFolder(test), 'honest'));
    const { folder } = honest;
    await honest.publishRoot();
    await honest.publishList(filesPaid(1), NOW_MS);
    await honest.publishList(filesPaid(2), NOW_MS);
    assert.equal(failureOf(await pull(folder)), 'trust-rollback');
    // ...until the root's keys, which were not stolen, name new list keys.
    await honest.rotateKeys();
    await honest.publishList(filesPaid(3), NOW_MS);
    assert.deepEqual(await pull(folder), { version: 3, rootVersion: 2, how: 'files' });
    assert.deepEqual([await version(), await paid()], [3, 3]);
  });

  it('an old copy of the folder is refused by its own memory of what it accepted', async (test) => {
    const { publisher, registry, pull } = await postAndVerifier(test);
    const names = ['trust-list.json', 'log.txt', 'funds.ndjson'];
    const old = await Promise.all(names.map((name) => readFile(join(registry, name))));
    await publisher.publishList(filesPaid(2), NOW_MS);
    await pull();
    for (const [index, name] of names.entries()) await writeFile(join(registry, name), old[index] ?? '');
    await assert.rejects(loadRegistry(registry, NOW_MS), /trust-rollback/);
  });
});

describe('the Merkle tree of all published lists', () => {
  const leaves = (count: number, seed = '') =>
    Array.from({ length: count }, (_, index) => leafHash(Buffer.from(`${seed}${index}`)));

  it('has the roots of RFC 6962', () => {
    assert.equal(rootOf([]).toString('hex'), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    assert.equal(
      leafHash(Buffer.alloc(0)).toString('hex'),
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    );
  });

  it('proves that a later tree continues an earlier one, for all sizes', () => {
    for (let newSize = 1; newSize <= 40; newSize++) {
      const all = leaves(newSize);
      const newer = { size: newSize, root: rootOf(all) };
      for (let oldSize = 0; oldSize <= newSize; oldSize++) {
        const older = { size: oldSize, root: rootOf(all.slice(0, oldSize)) };
        assert.ok(isConsistent(older, newer, consistencyProof(all, oldSize)), `${oldSize} in ${newSize}`);
      }
    }
  });

  it('proves nothing for a tree with another past, a changed proof, or another size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 60 }), fc.nat(), fc.nat(), (newSize, pick, bit) => {
        const oldSize = 1 + (pick % (newSize - 1));
        const [all, other] = [leaves(newSize), leaves(newSize, 'other')];
        const older = { size: oldSize, root: rootOf(all.slice(0, oldSize)) };
        const newer = { size: newSize, root: rootOf(all) };
        const proof = consistencyProof(all, oldSize);
        assert.ok(!isConsistent({ ...older, root: rootOf(other.slice(0, oldSize)) }, newer, proof));
        assert.ok(!isConsistent(older, { ...newer, root: rootOf(other) }, proof));
        assert.ok(!isConsistent(older, newer, [...proof, leafHash(Buffer.from('more'))]));
        assert.ok(!isConsistent(older, newer, proof.slice(1)));
        const flipped = proof.map((node) => Buffer.from(node));
        const node = flipped[bit % flipped.length];
        if (node !== undefined) node[bit % 32] = (node[bit % 32] ?? 0) ^ 1;
        assert.ok(!isConsistent(older, newer, flipped));
      }),
    );
  });
});
