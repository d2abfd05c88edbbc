import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { strictJson } from '../../indicium/index.ts';
import { refuse, type TrustRefusal } from './failures.ts';

/** One change of one file: from line `at` on (the first is 0) `remove` lines go and `insert` come. */
const PatchShape = Compile(
  Type.Object({
    file: Type.String(),
    at: Type.Integer({ minimum: 0 }),
    remove: Type.Integer({ minimum: 0 }),
    insert: Type.Array(Type.String()),
  }),
);

interface Patch {
  readonly file: string;
  readonly at: number;
  readonly remove: number;
  readonly insert: readonly string[];
}

export function parseIncrement(text: string): Patch[] | TrustRefusal {
  const patches: Patch[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue;
    const read = strictJson(line);
    if ('problem' in read) return refuse('trust-malformed', `increment, line ${index + 1}: ${read.problem}`);
    const { value } = read;
    if (!PatchShape.Check(value)) return refuse('trust-malformed', `increment, line ${index + 1}: no patch`);
    patches.push(value);
  }
  return patches;
}

/** The new text of one file. What comes out is believed only when it has the digest that was signed. */
export function applyPatches(text: string, patches: readonly Patch[]): string {
  const lines = text.split('\n').filter((line) => line !== '');
  const parts: string[] = [];
  let taken = 0;
  for (const { at, remove, insert } of patches.toSorted((a, b) => a.at - b.at)) {
    parts.push(...lines.slice(taken, at), ...insert);
    taken = Math.max(taken, at + remove);
  }
  parts.push(...lines.slice(taken));
  return parts.map((line) => `${line}\n`).join('');
}
