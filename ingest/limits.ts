/** Bytes read at a time from a file of scans. */
export const READ_BYTES = 1024 * 1024;

/** How often a source may be compressed: once, and once more by a sender that packs all that leaves. */
export const PACKED_TIMES_MAX = 2;

/** Bytes before a position that are remembered, to notice that the file behind it was replaced. */
export const GUARD_BYTES = 256;

/** Files of a folder that are not images and are named one by one. */
export const FOLDER_NOTICES_MAX = 1_000;
