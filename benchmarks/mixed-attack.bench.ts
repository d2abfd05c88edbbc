import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { LatencyHistogram } from '../commands/load/latency-histogram.ts';
import { quantilesOf } from '../commands/load/load-report.ts';
import type { Attack } from './attack-tokens.ts';
import { type MixedAttack, runMixedAttack, type Served } from './mixed-attack.ts';
import { count, machine, markdownTable } from './table.ts';

/**
 * An honest plant at half of its share among four clients, first alone, then under everything that three tokens and 500 strangers can do at once. INDICIA_ATTACK_SECONDS or --seconds says
 * for how long (20; from 60 on, the detectors also run); the attackers run at a low priority, since their processors would be elsewhere.
 */

const { values } = parseArgs({
  options: {
    alone: { type: 'string' },
    seconds: { type: 'string' },
    strangers: { type: 'string' },
    rate: { type: 'string' },
    only: { type: 'string' },
  },
});
const isWanted = (kind: Attack) => values.only === undefined || values.only.split(',').includes(kind);
const ALL: readonly (readonly Attack[])[] = [
  ['batches', 'repeated batches', 'large batches', 'late feeds'],
  ['pictures', 'look-ups'],
  ['streams', 'long lines', 'unread streams'],
];
const ATTACK_SECONDS = Number(values.seconds ?? process.env.INDICIA_ATTACK_SECONDS ?? 20);
/** With a minute of attack, the detectors run in both parts. */
const MORE_ALONE_SECONDS = 5;
const PLAN: MixedAttack = {
  aloneSeconds: Number(values.alone ?? ATTACK_SECONDS + MORE_ALONE_SECONDS),
  attackSeconds: ATTACK_SECONDS,
  payloadRate: values.rate === undefined ? null : Number(values.rate),
  cropRate: 5,
  attacks: ALL.map((kinds) => kinds.filter(isWanted)),
  connections: 8,
  strangers: Number(values.strangers ?? 500),
};

const folder = await mkdtemp(join(tmpdir(), 'indicia-attack-'));
const ENDS = { after: (end: () => unknown) => void process.once('exit', end) };
try {
  const report = await runMixedAttack(folder, ENDS, PLAN);
  const { payloadRate, alone, attacked, attackers, peakBytes, isAlive, ended, ...counts } = report;
  process.stdout.write(`${machine()}; server, plant and attackers on it together\n\n`);
  const rows = (name: string, of: (served: Served) => LatencyHistogram) => {
    const [before, under] = [quantilesOf(of(alone)), quantilesOf(of(attacked))];
    const ratio = (under.p99 / before.p99).toFixed(1);
    return [name, `${before.p50}`, `${before.p99}`, `${under.p50}`, `${under.p99}`, ratio];
  };
  const headings = ['honest', 'p50 alone, ms', 'p99 alone', 'p50 under attack', 'p99 under attack', 'p99, ratio'];
  process.stdout.write(
    markdownTable(headings, [
      rows(`${count(payloadRate)} payloads a second`, ({ payloads }) => payloads.latency),
      rows(`${PLAN.cropRate} crops a second`, ({ crops }) => crops.latency),
    ]),
  );
  const kinds = attackers.flatMap((tallies, token) =>
    Object.entries(tallies).map(([kind, { sent, answered, refused, failed }]) => {
      return [`token ${token + 1}`, kind, ...[sent, answered, refused, failed].map(count)];
    }),
  );
  process.stdout.write(`\n${markdownTable(['attacker', 'kind', 'sent', 'answered', '429', 'failed'], kinds)}`);
  const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  const problems = attacked.payloads.problems + attacked.crops.problems;
  process.stdout.write(
    `\n${PLAN.attackSeconds} s, ${PLAN.strangers} strangers. Memory at most ${megabytes(peakBytes.server)}, with the reading processes ` +
      `${megabytes(peakBytes.withChildren)}. ${problems} honest scans were refused or failed. Of ` +
      `${count(counts.answered)} that were answered ${counts.missing} are missing, ${counts.doubled} are there twice, ` +
      `${counts.wrong} with another verdict. The server ${isAlive ? 'lives' : 'DOES NOT ANSWER'} and ended with ${ended}.\n`,
  );
} finally {
  await rm(folder, { recursive: true });
}
