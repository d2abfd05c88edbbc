import fc from 'fast-check';
import type { Scan } from '../../indicium/index.ts';
import { BUDGET, type Move, play, redTeamMoves } from './red-team-moves.ts';
import { CUSTOMER_NAMES, type Letter, type Sighting, THIEF } from './red-team-world.ts';

/** The scans that a list of moves leaves behind, and the truth about them. */

export interface RedTeamScan {
  readonly scan: Partial<Scan> & { readonly scanId: string };
  readonly payload: Buffer;
  readonly receivedAtMs: number;
}

export interface RedTeamCase {
  readonly moves: readonly Move[];
  /** In the order in which their records came. */
  readonly scans: readonly RedTeamScan[];
  readonly truth: RedTeamTruth;
}

export interface RedTeamTruth {
  /** Made by the thief. */
  readonly fraudulent: ReadonlySet<string>;
  /** Honest scans of pieces whose mark, id or registers the thief used: a finding may show them beside his. */
  readonly misused: ReadonlySet<string>;
  /** Honest scans that no fraud touches: no finding names them, no verdict diverts them. */
  readonly honest: ReadonlySet<string>;
  /** The thief, where marks of his own device have a part in it: who may be named as suspect. */
  readonly guilty: ReadonlySet<string>;
  /** Who must never be. */
  readonly innocent: ReadonlySet<string>;
}

/** What a finding says, in as much of its shape as the oracle needs. */
export interface Said {
  readonly scanIds: readonly string[];
  readonly license: number | null;
  readonly psd: string | null;
  readonly role?: string | null;
  readonly severity?: string;
}

export function caseOf(moves: readonly Move[]): RedTeamCase {
  const seen = play(moves)
    .flatMap((letter) => letter.sightings.map((sighting) => ({ letter, sighting })))
    .toSorted((a, b) => a.sighting.receivedAtMs - b.sighting.receivedAtMs)
    .map((its, index) => ({ ...its, scanId: `RT/20261120A/${String(index + 1).padStart(6, '0')}` }));
  return { moves, scans: seen.map(scanOf), truth: truthOf(seen) };
}

interface Seen {
  readonly letter: Letter;
  readonly sighting: Sighting;
  readonly scanId: string;
}

function scanOf({ letter, sighting, scanId }: Seen): RedTeamScan {
  const { receivedAtMs, isFraudulent: _, ...read } = sighting;
  const mark = { kind: 'payload', payload: letter.payload } as const;
  const scan = { ...read, scanId, machine: `DBCS-${sighting.plant}`, mark };
  return { scan, payload: letter.payload, receivedAtMs };
}

function truthOf(seen: readonly Seen[]): RedTeamTruth {
  const frauds = seen.filter(({ sighting }) => sighting.isFraudulent);
  const marks = new Set(frauds.map(({ letter }) => letter.payload.toString('hex')));
  const ids = new Set(frauds.flatMap(({ sighting }) => oneForm(sighting.mailpieceId) ?? []));
  const isThiefsDevice = frauds.some(({ letter }) => letter.signer === 'thief');
  const [misused, honest] = [new Set<string>(), new Set<string>()];
  for (const { letter, sighting, scanId } of seen) {
    if (sighting.isFraudulent) continue;
    const isMarkUsed = marks.has(letter.payload.toString('hex'));
    const isIdUsed = ids.has(oneForm(sighting.mailpieceId) ?? '');
    // What contradicts his false marks may be a good one of the same registers.
    const isOfGuiltyDevice = isThiefsDevice && letter.signer === 'thief';
    (isMarkUsed || isIdUsed || isOfGuiltyDevice ? misused : honest).add(scanId);
  }
  const subjects = CUSTOMER_NAMES.map(subjectsOf);
  const thief = isThiefsDevice ? (subjects[THIEF] ?? []) : [];
  return {
    fraudulent: new Set(frauds.map(({ scanId }) => scanId)),
    misused,
    honest,
    guilty: new Set(thief),
    innocent: new Set(subjects.flat().filter((subject) => !thief.includes(subject))),
  };
}

function oneForm(mailpieceId: string | null): string | null {
  return mailpieceId?.toUpperCase() ?? null;
}

function subjectsOf({ license, psd }: Pick<Said, 'license' | 'psd'>): string[] {
  return [...(license === null ? [] : [`license/${license}`]), ...(psd === null ? [] : [`psd/${psd}`])];
}

/** Innocents that findings name as suspect. One without a role suspects whom it names; one that only informs, nobody. */
export function innocentsNamed({ innocent }: RedTeamTruth, findings: readonly Said[]): string[] {
  const named = findings
    .filter(({ role, severity }) => severity !== 'information' && (role ?? 'suspect') === 'suspect')
    .flatMap(subjectsOf);
  return [...new Set(named)].filter((subject) => innocent.has(subject)).toSorted();
}

/** Honest scans that a finding names or a verdict diverts. */
export function honestAccused(
  { honest }: RedTeamTruth,
  findings: readonly Said[],
  diverted: readonly string[],
): string[] {
  const accused = new Set([...findings.flatMap(({ scanIds }) => scanIds), ...diverted]);
  return [...accused].filter((scanId) => honest.has(scanId)).toSorted();
}

/** Cases within the budget; a counterexample is told as its list of moves, which is then a case by name. */
export function redTeamCases(budget = BUDGET): fc.Arbitrary<RedTeamCase> {
  return redTeamMoves(budget).map((moves) => {
    return Object.assign(caseOf(moves), { [fc.toStringMethod]: () => JSON.stringify(moves) });
  });
}
