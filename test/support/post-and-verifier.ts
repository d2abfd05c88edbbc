import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { isRefusal, type TrustRefusal } from '../../verify/index.ts';
import { loadRegistry, openUpstream, type Pulled, pullRegistry } from '../../verify/registry/index.ts';
import { SmallWorld } from './marks.ts';
import { filesOf, NOW_MS, publisherIn } from './published.ts';
import { type Scope, temporaryFolder } from './temporary.ts';

const world = new SmallWorld(2, 2);

/** Records that differ by how much was paid. */
export function filesPaid(mills: number): Map<string, string> {
  const refill = { license: 1000, psd: '06-2S-0', refill: 1, amountMills: mills, paidAtMs: NOW_MS };
  return filesOf({ ...world.records, funds: [refill] });
}

/** A post that publishes, and a verifier that has accepted its first list. */
export async function postAndVerifier(test: Scope) {
  const { publisher, folder: upstream } = await publisherIn(test);
  await publisher.publishList(filesPaid(1), NOW_MS);
  const registry = join(await temporaryFolder(test), 'registry');
  await cp(upstream, registry, { recursive: true });
  const pull = (from: string = upstream, nowMs = NOW_MS) => pullRegistry(openUpstream(from), registry, nowMs);
  assert.ok(!isRefusal(await pull()));
  const version = async () => (await loadRegistry(registry, NOW_MS)).version;
  const paid = async () => (await loadRegistry(registry, NOW_MS)).funds[0]?.amountMills;
  return { publisher, upstream, registry, pull, version, paid };
}

export function failureOf(outcome: Pulled | TrustRefusal): string {
  return isRefusal(outcome) ? outcome.failure : `accepted ${outcome.version}`;
}
