import { REGISTRY_VIEWS } from './registry-schema.ts';

/** A view as it is given to people and programs; scripts rest on its name and columns. */
interface PublicView {
  readonly name: string;
  /** Columns of the stored view that are milliseconds, and the timestamp (UTC) that each is now; old names stay at the end. */
  readonly times: readonly (readonly [ms: string, at: string])[];
}

const VALIDITY = [
  ['valid_from_ms', 'valid_from_at'],
  ['valid_to_ms', 'valid_to_at'],
] as const;

/** Milliseconds that stored views have beside the timestamps of the public ones. */
const TIMES: Readonly<Record<string, PublicView['times']>> = {
  grants: [
    ['granted_at_ms', 'granted_at'],
    ['ended_at_ms', 'ended_at'],
  ],
  licenses: [...VALIDITY, ['revoked_at_ms', 'revoked_at']],
  pieces: [['printed_at_ms', 'printed_at']],
  rates: VALIDITY,
};

/** In the order of the documentation. */
const PUBLIC_VIEWS: readonly PublicView[] = [
  ...['scans', 'pieces', 'verdicts', 'findings', 'cases', 'revisions', 'lists'].map((name) => publicView(name, name)),
  ...REGISTRY_VIEWS.flatMap((name) => [publicView(name, name), publicView(`${name}_history`, name)]),
];

export const PUBLIC_VIEW_NAMES: readonly string[] = PUBLIC_VIEWS.map(({ name }) => name);

/** Old names of times, by view: each goes with the next version. */
export const DEPRECATED_COLUMNS: ReadonlyMap<string, readonly string[]> = new Map(
  PUBLIC_VIEWS.filter(({ times }) => times.length > 0).map(({ name, times }) => [name, times.map(([ms]) => ms)]),
);

/**
 * A public view as a statement over the stored one of its name, before which `prefix` stands (`store.`, or '' where the store is
 * the connection's own). Stored views stay as they are: to change one makes a program refuse the file of another until it
 * writes to it.
 *
 * @throws RangeError when the name is not in PUBLIC_VIEW_NAMES.
 */
export function publicViewSql(name: string, prefix = ''): string {
  const view = PUBLIC_VIEWS.find((known) => known.name === name);
  if (view === undefined) throw new RangeError(`${name} is not a view that is given out`);
  const from = `from ${prefix}${name}`;
  if (view.times.length === 0) return `select * ${from}`;
  const [old, named] = [view.times.map(([ms]) => ms), view.times.map(([ms, at]) => `epoch_ms(${ms}) as ${at}`)];
  // The stored view of pieces has both names.
  const both = name === 'pieces' ? [] : named;
  return `select ${[`* exclude (${old.join(', ')})`, ...both, ...old].join(', ')} ${from}`;
}

function publicView(name: string, timesOf: string): PublicView {
  return { name, times: TIMES[timesOf] ?? [] };
}
