import { SCAN_PAYLOAD_BYTES_MAX } from '../indicium/index.ts';

/** Bytes of one NDJSON line. A 2 kB payload with every text field full has 6 kB. */
export const LINE_BYTES_MAX = 64 * 1024;

/** Characters of a payload in base64: of the longest that may be one. */
export const PAYLOAD_BASE64_CHARS_MAX = 4 * Math.ceil(SCAN_PAYLOAD_BYTES_MAX / 3);

/** Characters of the unknown fields of one scan that are kept and passed on. */
export const EXTRA_CHARS_MAX = 16 * 1024;

/** Bytes of lines in one batch: 5,000 lines with a payload have 2 MB; long ones must not fill the memory. */
export const BATCH_BYTES_MAX = 8 * 1024 * 1024;

/** Images in one batch: 64 take a reader about half a second, so progress shows and little is redone after a kill. */
export const BATCH_IMAGES_MAX = 64;

/** Characters of a moment: with 30 decimals, an offset and a zone in brackets. */
export const MOMENT_CHARS_MAX = 96;

/** Pixels of one side of a raw frame. */
export const FRAME_SIDE_PX_MAX = 20_000;

/** Pictures of one piece: a sorter has a camera or two for each side of it. */
export const IMAGES_PER_PIECE_MAX = 4;

/** Levels of objects and lists in a scan record, itself included. Its own fields have two. */
export const RECORD_DEPTH_MAX = 64;

/** Grams of a mailpiece: what a column of 32 bits holds. */
export const WEIGHT_GRAMS_MAX = 2 ** 31 - 1;
