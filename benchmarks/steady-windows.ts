import { type SteadyState, steadyStateOf, type Window } from './steady-state.ts';

/** What runs and is measured, as it is looked at from outside. */
export interface Subject {
  /** Pieces with a durable verdict so far, and since when that is known, by performance.now(). */
  progress(): { readonly pieces: number; readonly atMs: number };
  /** Seconds of a processor that all of its threads and processes have taken so far. */
  processorSeconds(): number;
  /** Whether there is nothing left to do; throws where the subject failed. */
  isOver(): boolean;
}

export interface SteadyPlan {
  readonly warmingSeconds: number;
  /** Of the windows that must be steady together. */
  readonly seconds: number;
  readonly windowSeconds: number;
}

interface Clock {
  sleep(ms: number): Promise<unknown>;
}

const POLL_MS = 20;
/** Windows that were not steady move out of sight while new ones come, until so many times the time has passed. */
const TIMES_MAX = 2;

/** Measures window after window until the last ones are steady together, or for as long again; the last ones decide. */
export async function measureSteady(subject: Subject, plan: SteadyPlan, clock: Clock): Promise<SteadyState> {
  while (subject.progress().pieces === 0 && !subject.isOver()) await clock.sleep(POLL_MS);
  await clock.sleep(1000 * plan.warmingSeconds);
  const count = Math.round(plan.seconds / plan.windowSeconds);
  const windows: Window[] = [];
  let before = sampleOf(subject);
  while (windows.length < TIMES_MAX * count && !isSteady(windows, count)) {
    await clock.sleep(1000 * plan.windowSeconds);
    // The rest of a window in which the work ended is idle.
    if (subject.isOver()) break;
    const now = sampleOf(subject);
    windows.push({
      pieces: now.pieces - before.pieces,
      // One in which nothing was told of has no end of its own.
      seconds: (now.atMs - before.atMs) / 1000 || plan.windowSeconds,
      processorSeconds: now.processorSeconds - before.processorSeconds,
    });
    before = now;
  }
  return steadyStateOf(windows.slice(-count));
}

function isSteady(windows: readonly Window[], count: number): boolean {
  return windows.length >= count && steadyStateOf(windows.slice(-count)).problem === null;
}

function sampleOf(subject: Subject) {
  return { ...subject.progress(), processorSeconds: subject.processorSeconds() };
}
