/** Why a file that somebody names cannot be used: a closed set. */
export const FILE_FAULTS = {
  absent: 'no such file',
  /** A pipe, device or folder, or a loop of links. */
  irregular: 'not a regular file',
  'too-long': 'longer than it may be',
  unreadable: 'cannot be read',
} as const;

export type FileFault = keyof typeof FILE_FAULTS;

const BY_CODE: Readonly<Record<string, FileFault>> = {
  ENOENT: 'absent',
  ENOTDIR: 'absent',
  ENAMETOOLONG: 'absent',
  // Of a name with a zero byte, which no file has.
  ERR_INVALID_ARG_VALUE: 'absent',
  ELOOP: 'irregular',
  EISDIR: 'irregular',
  ENXIO: 'irregular',
  ENODEV: 'irregular',
  EACCES: 'unreadable',
  EPERM: 'unreadable',
  EIO: 'unreadable',
  EINVAL: 'unreadable',
  EAGAIN: 'unreadable',
};

/**
 * What an error of the file system says of a file.
 *
 * @throws the error where it says nothing of the file: too many open files, or no failure of the file system at all.
 */
export function fileFaultOf(error: unknown): FileFault {
  const fault = error instanceof Error && 'code' in error ? BY_CODE[String(error.code)] : undefined;
  if (fault === undefined) throw error;
  return fault;
}
