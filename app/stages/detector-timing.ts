import type { DetectorTiming } from '../../ingest/kafka/index.ts';

/** Messages that come one by one are caught up with after each: what comes next would wait for the detectors. */
const QUIET_MS = 500;

/** When the detectors of a partition run: this often while scans come, and as soon as none has come for a moment. */
export function detectorTiming(everyMs: number, clockMs = () => performance.now()): DetectorTiming {
  let judgedAtMs = clockMs();
  let detectedAtMs = judgedAtMs;
  return {
    judged() {
      judgedAtMs = clockMs();
    },
    detected() {
      detectedAtMs = clockMs();
    },
    isDue(isCaughtUp) {
      const nowMs = clockMs();
      const isQuiet = isCaughtUp && nowMs - judgedAtMs >= QUIET_MS;
      return isQuiet || nowMs - detectedAtMs >= everyMs;
    },
  };
}
