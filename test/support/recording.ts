import { Recorder, type RecorderPorts, RecorderQueue } from '../../analytics/index.ts';
import type { RecorderPort } from '../../app/pipeline.ts';

/** Ports for a store that has room: a test that is paused has failed. */
export const NEVER_PAUSED: RecorderPorts = {
  onPaused: (reason) => {
    throw new Error(`the store could not be written: ${reason}`);
  },
  onResumed: () => {},
  sleep: async () => {},
};

export interface RecorderHere extends RecorderPort {
  readonly close: () => void;
}

/** A recorder in this thread; `failAt` names the position of a batch that cannot be recorded. */
export async function recorderAt(path: string, failAt: string | null = null): Promise<RecorderHere> {
  const recorder = await Recorder.open(path, NEVER_PAUSED);
  const queue = new RecorderQueue({
    async record(batches) {
      if (failAt !== null && batches.some(({ position }) => position === failAt)) throw new Error('the disk is gone');
      return recorder.record(batches);
    },
  });
  return {
    positionOf: (source) => recorder.positionOf(source),
    record: (batch) => queue.record(batch),
    close: () => recorder.close(),
  };
}
