/** Bytes of the images of one batch: 64 whole faces of a megabyte and a half, or four of the largest there may be. */
export const DROP_BATCH_BYTES_MAX = 96 * 1024 * 1024;

/** Bytes of one image that its digest covers, beside its length: no image that may be read is longer. */
export const DROP_DIGEST_BYTES_MAX = 32 * 1024 * 1024;

/** Bytes of a sidecar: a scan as one line of NDJSON may have as many. */
export const SIDECAR_BYTES_MAX = 64 * 1024;

/** Names that one look at the folder takes in; what is beyond is seen when these have left. */
export const DROP_NAMES_MAX = 100_000;

/** Images, and sidecars without one, that are watched at the same time until they are whole. */
export const DROP_WATCHED_MAX = 2_000;

/** Names that are neither an image nor a sidecar, of which so many are watched, and told at most. */
export const DROP_OTHERS_MAX = 1_000;

/** Bytes of a file's name that leave room for what is added to it: file systems allow 255. */
export const DROP_NAME_BYTES_MAX = 200;

/** Milliseconds between looks at the folder: at most, and at least where the system tells of changes. */
export const DROP_POLL_MS = 500;
export const DROP_POLL_MS_MIN = 50;

/** Characters of a name pattern. */
export const NAME_PATTERN_CHARS_MAX = 200;

/** Bytes at the end of a JPEG that may be zero: some cameras fill whole blocks. */
export const JPEG_PADDING_BYTES_MAX = 64 * 1024;

/** Entries of a TIFF's directory and strips of its picture that are looked at. */
export const TIFF_ENTRIES_MAX = 1_000;
export const TIFF_STRIPS_MAX = 100_000;

/** Files that are taken and read at the same time. */
export const DROP_AT_ONCE = 8;
