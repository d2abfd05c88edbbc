import assert from 'node:assert/strict';
import { plural } from '../../../indicium/index.ts';
import { type CatalogEntry, expectedCatalog } from '../schema/catalog.ts';
import { SEALED } from './seals.ts';
import type { StoreProblem } from './store-problem.ts';

/** One thing that an audit can say something about. */
export interface Vouched {
  /** A table, view or macro by its name, or in words what lies beside them. */
  readonly what: string;
  readonly kind: CatalogEntry['kind'] | 'beyond';
  readonly isVouched: boolean;
  /** What it was compared with, or why it was not. */
  readonly how: string;
}

interface Compared {
  readonly problems: readonly StoreProblem[];
  readonly archivedRows: bigint;
  readonly isArchiveCompared: boolean;
  /** False where its tables or macros are such that nothing could be compared. */
  readonly isCompared: boolean;
}

const BY_ITS_OWN: Readonly<Record<string, string>> = {
  evidence: 'every row compared with the link of its batch, their number counted',
  chain: 'every link compared with the one before, the last one with the anchor',
  ledger: 'every entry compared with the one before, the last one with the anchor',
  sealed: 'compared with the last entry of the ledger',
  source_position: 'compared with the last link',
  store_version: 'compared with the tables',
};

/** How each table, view and macro of a store is compared; a new one must be said here, or sealed. */
export async function vouchedFor({
  problems,
  archivedRows,
  isArchiveCompared,
  isCompared,
}: Compared): Promise<Vouched[]> {
  const sealed = new Set(SEALED.map(({ name }) => name));
  const wrong = new Set(problems.map(({ name }) => name));
  const parts = (await expectedCatalog()).map(({ kind, name }): Vouched => {
    if (!isCompared) return { what: name, kind, isVouched: false, how: 'not compared: the schema was changed' };
    const how =
      kind === 'table'
        ? (BY_ITS_OWN[name] ?? (sealed.has(name) ? 'compared with its seal, which the ledger holds' : undefined))
        : 'compared with that of this program';
    assert(how !== undefined, `nothing vouches for the ${kind} ${name}`);
    return wrong.has(name)
      ? { what: name, kind, isVouched: false, how: `${how}: it differs` }
      : { what: name, kind, isVouched: true, how };
  });
  const beyond = (what: string, how: string): Vouched => ({ what, kind: 'beyond', isVouched: false, how });
  const away =
    archivedRows === 0n
      ? []
      : isArchiveCompared
        ? [{ what: 'archived rows', kind: 'beyond', isVouched: true, how: 'compared with their links' } as const]
        : [beyond('archived rows', `${plural(archivedRows, 'row')} in an archive, which --archive would compare`)];
  return [
    ...parts,
    ...away,
    beyond(
      'the anchor',
      'anyone who can write it and the store can rewrite both in step: note the head elsewhere, and compare it with --head',
    ),
    beyond('what plants said', 'that a scan is true; the store vouches for what it was told and what it answered'),
  ];
}
