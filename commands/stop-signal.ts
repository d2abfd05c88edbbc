export interface Stop {
  readonly signal: AbortSignal;
  /** Signals have their usual effect again; a caller that still waits for this one is told. */
  readonly end: () => void;
}

/** Aborted by the first SIGTERM or SIGINT, so that a command can end in order; a second one ends the process at once. */
export function stopSignal(): Stop {
  const controller = new AbortController();
  const end = () => {
    process.off('SIGTERM', end);
    process.off('SIGINT', end);
    controller.abort();
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  return { signal: controller.signal, end };
}
