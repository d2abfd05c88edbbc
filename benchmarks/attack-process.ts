import { readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { Strangers } from './attack-strangers.ts';
import { type Attack, TokenAttack } from './attack-tokens.ts';

/** Everybody who attacks, in a process of their own, until the parent says a word; then what became of each attack. */

export interface AttackOrder {
  readonly base: string;
  readonly tokens: readonly string[];
  /** Of each token. */
  readonly attacks: readonly (readonly Attack[])[];
  /** NDJSON of scans, and a PNG. */
  readonly scansFile: string;
  readonly pictureFile: string;
  readonly connections: number;
  readonly strangers: number;
}

/** The attackers' processors are elsewhere: on one machine they take only what server and plant leave. */
const NICENESS = 15;

function bareScans(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    if (line === '') return [];
    const { scanId: _, plant: __, ...bare } = JSON.parse(line);
    return [JSON.stringify(bare).slice(1, -1)];
  });
}

function isOrder(message: unknown): message is AttackOrder {
  return typeof message === 'object' && message !== null && 'tokens' in message;
}

let attacks: TokenAttack[] = [];
let strangers: Strangers | undefined;
setPriority(NICENESS);
process.on('message', (message) => {
  if (isOrder(message)) {
    const { base, tokens, connections } = message;
    const scans = bareScans(readFileSync(message.scansFile, 'utf8'));
    const picture = readFileSync(message.pictureFile);
    attacks = tokens.map((token) => new TokenAttack({ base, token, scans, picture, connections }));
    for (const [index, attack] of attacks.entries()) attack.start(message.attacks[index] ?? []);
    strangers = new Strangers(base, message.strangers);
    return;
  }
  for (const attack of attacks) attack.stop();
  strangers?.stop();
  process.send?.(attacks.map(({ tallies }) => Object.fromEntries(tallies)));
  process.disconnect?.();
});
process.on('disconnect', () => process.exit());
