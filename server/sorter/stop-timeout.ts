import { PAUSED_POLL_MS, PAUSED_POLLS_MAX } from '../limits.ts';

/** False once the store was paused for too long at a stretch; until then, or when it is called off, no answer. */
export function stopTimeout(isPaused: () => boolean, aborted: AbortSignal): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  let polls = 0;
  const timer = setInterval(() => {
    polls = isPaused() ? polls + 1 : 0;
    if (polls >= PAUSED_POLLS_MAX) resolve(false);
  }, PAUSED_POLL_MS);
  aborted.addEventListener('abort', () => clearInterval(timer));
  return promise;
}
