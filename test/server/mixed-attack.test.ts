import assert from 'node:assert/strict';
import { it } from 'node:test';
import { runMixedAttack } from '../../benchmarks/mixed-attack.ts';
import { quantilesOf } from '../../commands/load/load-report.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** A short run of `indicia bench mixed-attack`, whose long one also measures. */
it('a server under everything that three tokens and some strangers do at once keeps an honest plant served', async (test) => {
  const report = await runMixedAttack(await temporaryFolder(test), test, {
    aloneSeconds: 2,
    attackSeconds: 12,
    payloadRate: 40,
    cropRate: 2,
    attacks: [
      ['batches', 'repeated batches', 'large batches', 'late feeds'],
      ['pictures', 'look-ups'],
      ['streams', 'long lines', 'unread streams'],
    ],
    connections: 2,
    strangers: 16,
  });
  const { attacked, peakBytes, attackers, answered, missing, doubled, wrong, isAlive, ended } = report;
  assert.deepEqual(
    { missing, doubled, wrong, isAlive, ended },
    { missing: 0, doubled: 0, wrong: 0, isAlive: true, ended: 0 },
  );
  assert.ok(answered >= 40 * 14, `${answered} answers`);
  for (const { refused, failed, latency } of [attacked.payloads, attacked.crops]) {
    assert.deepEqual([refused, Object.fromEntries(failed)], [0, {}]);
    // An order of magnitude, on a machine that does many other things: without shares it is half a minute.
    assert.ok(quantilesOf(latency).p50 < 10_000, `${quantilesOf(latency).p50} ms`);
  }
  assert.ok(peakBytes.withChildren < 1_500_000_000, `${peakBytes.withChildren} bytes`);
  for (const tallies of attackers) {
    for (const [kind, { sent }] of Object.entries(tallies)) assert.ok(sent > 0, kind);
  }
});
