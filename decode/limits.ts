/** Bytes of one image file: an uncompressed grey face at 300 dpi has 4 MB. */
export const IMAGE_BYTES_MAX = 32 * 1024 * 1024;

/** Pixels of one image: a 9.5 by 12 inch flat at 300 dpi has 10 million; a decompression bomb has more. */
export const IMAGE_PIXELS_MAX = 50_000_000;

/** Pixels of one side: a picture a million wide and a few high costs a reader more than its area tells. */
export const IMAGE_SIDE_PX_MAX = 20_000;

/** Symbols looked at on one image by the last rung of the ladder. */
export const SYMBOLS_MAX = 8;

/** Milliseconds that a reading process may spend on one image: the dearest within the other limits take a second. */
export const READER_MS_MAX = 10_000;

/** Milliseconds from the start of a reading process until it can read; 300 on an idle machine. */
export const READER_START_MS_MAX = 60_000;

/** JavaScript heap of a reading process; pixels live outside it. */
export const READER_HEAP_MB_MAX = 256;

/** All memory of a reading process: 50 million pixels of a progressive JPEG in color take about 450 MB. */
export const READER_RESIDENT_BYTES_MAX = 1_500_000_000;

/** Orders that a reading process holds, the one it works on included. */
export const READER_ORDERS_AHEAD = 2;

/** PSDs and licenses whose last marks are remembered to fill in what is smudged on the next one. */
export const MEMORY_GROUPS_MAX = 8;

/** Readings of one image that are handed on for a signature to choose from. */
export const CANDIDATES_MAX = 32;

/** Bytes of what one symbol holds: a QR code has 2,953 at most. */
export const SYMBOL_BYTES_MAX = 16 * 1024;

/** Characters of the name of a kind of symbol, or of a rung of the ladder. */
export const RUNG_CHARS_MAX = 64;

/** Squares of a picture that are looked at as possible symbols: logos and text may rank before the mark. */
export const BOXES_MAX = 5;

/** Tries of error correction at one box, and of the thorough search when nothing has been read (about 0.06 ms each). */
export const QUICK_TRIES_MAX = 9;
export const THOROUGH_TRIES_MAX = 250;

/** Grids of one picture that are remembered, to be taken together with those of other pictures of the same piece. */
export const IMPRESSIONS_MAX = 3;

/** Tries of error correction over all pictures of a piece together. */
export const COMBINED_TRIES_MAX = 250;
