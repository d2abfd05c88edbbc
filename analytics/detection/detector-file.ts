import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Policy } from '../judge/default-policy.ts';

/** Where a detector finds the scans that it names; docs/ARCHITECTURE.md says what each relation holds. */
export type MemberSource = 'fresh' | 'repeats' | 'seen' | 'suspects';

/** One file of analytics/detectors, cut at its `-- @section` lines. */
export interface Detector {
  /** Its file's name, and the kind of its findings. */
  readonly name: string;
  /** The comment at its head: what it proves, what it cannot, its parameters. */
  readonly header: string;
  /** Sets whose marks are to be looked at one by one. */
  readonly suspects: string | null;
  /**
   * Days on which a plant's clock or scale is not to be believed: plant, day, estimate. `sums` names the table of what each
   * license says of each day, of which a day needs enough to be judged.
   */
  readonly doubts: { readonly sums: string; readonly sql: string } | null;
  /** What is doubted of a plant by that kind, no scan is named for while this holds of it. */
  readonly restsOn: { readonly kind: string; readonly condition: string } | null;
  /** Whether its findings are about plants: plant, key, severity, detail. */
  readonly isAboutPlants: boolean;
  /** Scans to name: row_id, key, why, value. Null where findings rest on counts alone. */
  readonly members: { readonly source: MemberSource; readonly sql: string } | null;
  /** Named scans that later evidence clears: row_id. */
  readonly exonerated: string | null;
  /** license, psd, key, severity, detail: one row a finding, over `members`, over the touched licenses or over plants. */
  readonly findings: string;
}

const FOLDER = new URL('../detectors/', import.meta.url);
const RESTS_ON = 'rests on ';
const DOUBTS_BY = 'doubts by ';
const SOURCES: readonly MemberSource[] = ['fresh', 'repeats', 'seen', 'suspects'];

export const DETECTORS: readonly Detector[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.sql'))
  .toSorted()
  .map((file) => detectorOf(file.slice(0, -'.sql'.length), readFileSync(new URL(file, FOLDER), 'utf8')));

/** Another digest says that findings and state were made by other detectors, and are to be made again. */
export const DETECTORS_DIGEST = hash('sha256', JSON.stringify(DETECTORS));

/** The detectors as a policy sets them. */
export function detectorsBy(policy: Policy): readonly Detector[] {
  return DETECTORS.map((detector) => {
    const given = (sql: string) => withParameters(sql, detector, policy);
    const givenOrNull = (sql: string | null) => (sql === null ? null : given(sql));
    const { suspects, doubts, members, exonerated, findings } = detector;
    return {
      ...detector,
      suspects: givenOrNull(suspects),
      doubts: doubts === null ? null : { ...doubts, sql: given(doubts.sql) },
      members: members === null ? null : { ...members, sql: given(members.sql) },
      exonerated: givenOrNull(exonerated),
      findings: given(findings),
    };
  });
}

/**
 * A statement about a detector with the values of a policy in the places of getvariable('name'): to set a variable takes as long as
 * the shortest statement, 0.4 ms.
 */
export function withParameters(sql: string, { name }: Pick<Detector, 'name'>, policy: Policy): string {
  const values = policy.parameters[name];
  return sql.replaceAll(/getvariable\('(\w+)'\)/g, (_, parameter: string) => literal(values?.[parameter]));
}

/** For `kind in (…)`. */
export function namesOf(detectors: readonly Pick<Detector, 'name'>[]): string {
  return detectors.map(({ name }) => `'${name}'`).join(', ');
}

const INTEGER_MAX = 2 ** 31 - 1;

/** Of the type that a variable would have; a bare number takes the type of what stands beside it. */
function literal(value: number | undefined): string {
  if (value === undefined) return 'null';
  return Number.isInteger(value) && Math.abs(value) <= INTEGER_MAX ? `(${value})::integer` : `(${value})`;
}

function detectorOf(name: string, text: string): Detector {
  const [header = '', ...parts] = text.split(/^-- @/m);
  const sections = new Map(
    parts.map((part) => {
      const end = part.indexOf('\n');
      return [part.slice(0, end), part.slice(end + 1)] as const;
    }),
  );
  const common = sections.get('with');
  const source = SOURCES.find((known) => sections.has(`members of ${known}`));
  const statement = (section: string) => {
    const sql = sections.get(section);
    return sql === undefined ? null : withCommon(common, sql);
  };
  const members = source === undefined ? null : statement(`members of ${source}`);
  const isAboutPlants = sections.has('findings of plants');
  const about = isAboutPlants ? 'findings of plants' : 'findings of touched licenses';
  const findings = statement(source === undefined ? about : 'findings');
  const rests = [...sections].find(([section]) => section.startsWith(RESTS_ON));
  const doubting = [...sections.keys()].find((section) => section.startsWith(DOUBTS_BY));
  const doubts = doubting === undefined ? null : statement(doubting);
  assert(findings !== null, `${name}.sql has no findings`);
  return {
    name,
    header: header.trimEnd(),
    suspects: statement('suspects'),
    members: source === undefined || members === null ? null : { source, sql: members },
    doubts: doubting === undefined || doubts === null ? null : { sums: doubting.slice(DOUBTS_BY.length), sql: doubts },
    restsOn: rests === undefined ? null : { kind: rests[0].slice(RESTS_ON.length), condition: rests[1].trim() },
    isAboutPlants,
    exonerated: statement('exonerated'),
    findings,
  };
}

/** Relations that several statements of a file read from stand in it once. */
function withCommon(common: string | undefined, sql: string): string {
  const statement = sql.replace(/^(?:--.*\n|\s*\n)*/, '');
  if (common === undefined) return statement;
  return statement.startsWith('with ')
    ? `with ${common.trimEnd()},\n${statement.slice('with '.length)}`
    : `with ${common}${statement}`;
}
