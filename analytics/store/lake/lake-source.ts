import type { BesideStore } from '../side-connections.ts';
import type { Store } from '../store.ts';

/** A store that is written to a lake while evidence is recorded. */
export interface LakeSource {
  readonly rows: bigint;
  readonly commitNumber: bigint;
  /** On a connection of its own. */
  run<Result>(work: (store: BesideStore) => Promise<Result>): Promise<Result>;
}

/** The store is opened anew after some failures; `fenced` sees to it that only its owner works on it. */
export function lakeSourceOf(
  store: () => Pick<Store, 'rows' | 'commitNumber' | 'sideConnections'>,
  fenced: <Result>(work: () => Promise<Result>) => Promise<Result>,
): LakeSource {
  return {
    get rows() {
      return store().rows;
    },
    get commitNumber() {
      return store().commitNumber;
    },
    run: (work) => fenced(() => store().sideConnections.run(work)),
  };
}
