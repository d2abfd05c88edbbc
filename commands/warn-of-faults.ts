import type { Faults } from '../app/index.ts';
import { plural } from '../indicium/index.ts';

/** Tells people of scans at which the program threw; for the pool of readers. */
export function warnOfFaults(say: (sentence: string) => void): (faults: Faults) => void {
  return ({ scans, first }) => {
    const what = scans === 0 ? 'a thread that reads scans ended' : `the program failed at ${plural(scans, 'scan')}`;
    say(`${what}, which is a bug; every scan has a verdict: ${first}`);
  };
}
