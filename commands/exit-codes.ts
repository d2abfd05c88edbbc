/** What the shell is told. Found frauds are a result, not an error. */
export const EXIT = {
  done: 0,
  /** Something broke that should not have: a full disk, a bug. */
  failed: 1,
  /** A flag is wrong, or a file, folder, registry or store is not there. */
  usage: 2,
  /** Finished, but some input was unusable and a person must act. */
  attention: 3,
  /** Ended by Ctrl-C before it was done, as shells say it: 128 and the number of SIGINT. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
