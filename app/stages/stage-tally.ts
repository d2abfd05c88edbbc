import type { UncheckedCounts } from '../../indicium/index.ts';
import type { StageCounters } from '../../ingest/kafka/index.ts';
import type { LakeBehind, LakeWatch } from '../lake-watch.ts';
import type { IgnoredCount } from '../reader.ts';

/** What a member has done so far. */
export interface StageTally {
  scans: number;
  accepted: number;
  diverted: number;
  manual: number;
  repeated: number;
  deadLetters: number;
  /** Fields that were given and not used, each with its problem once. */
  readonly ignored: IgnoredCount[];
  /** Scans with a genuine mark by the checks of it that were not made; told by the stage that reads. */
  unchecked: UncheckedCounts;
  /** Of each partition, as its detectors found them last. */
  readonly findings: Map<number, number>;
  /** Of each partition that is written to a lake. */
  readonly lakes: Map<number, LakeWatch>;
}

export function emptyTally(): StageTally {
  return {
    scans: 0,
    accepted: 0,
    diverted: 0,
    manual: 0,
    repeated: 0,
    deadLetters: 0,
    ignored: [],
    unchecked: {},
    findings: new Map(),
    lakes: new Map(),
  };
}

/** Of the tally, what is a number. */
type StageCounts = Readonly<Omit<StageTally, 'ignored' | 'unchecked' | 'findings' | 'lakes'>> & {
  readonly findings: number;
};

export function countsOf({ findings, ignored: _, unchecked: __, lakes: ___, ...counts }: StageTally): StageCounts {
  return { ...counts, findings: [...findings.values()].reduce((total, its) => total + its, 0) };
}

/** How far the lake is behind, by partition. */
export function lakesOf({ lakes }: StageTally): ReadonlyMap<string, LakeBehind> {
  return new Map([...lakes].map(([partition, { behind }]) => [String(partition), behind]));
}

/** What a member did until it ended. */
export interface StageSummary {
  readonly tally: StageTally;
  readonly counters: StageCounters;
  readonly secondsTotal: number;
}
