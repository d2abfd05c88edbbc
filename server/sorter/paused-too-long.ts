import { PAUSED_LOOK_MS, PAUSED_LOOKS_MAX } from '../limits.ts';

/** False once the store was paused for too long at a stretch; until then, or when it is called off, no answer. */
export function pausedTooLong(isPaused: () => boolean, calledOff: AbortSignal): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  let looks = 0;
  const timer = setInterval(() => {
    looks = isPaused() ? looks + 1 : 0;
    if (looks >= PAUSED_LOOKS_MAX) resolve(false);
  }, PAUSED_LOOK_MS);
  calledOff.addEventListener('abort', () => clearInterval(timer));
  return promise;
}
