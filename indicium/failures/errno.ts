/** Whether what was thrown is a failure of the system, or of Node, with one of these codes (errno(3), `ERR_…`). */
export function hasErrno(error: unknown, ...codes: readonly string[]): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
