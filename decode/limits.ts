/** Bytes of one image file: an uncompressed grey face at 300 dpi has 4 MB. */
export const IMAGE_BYTES_MAX = 32 * 1024 * 1024;

/** Pixels of one image: a 9.5 by 12 inch flat at 300 dpi has 10 million; a decompression bomb has more. */
export const IMAGE_PIXELS_MAX = 50_000_000;

/** Pixels of one side: a picture a million wide and a few high costs a reader more than its area tells. */
export const IMAGE_SIDE_PX_MAX = 20_000;

/** Symbols looked at on one image by the last rung of the ladder. */
export const SYMBOLS_MAX = 8;
