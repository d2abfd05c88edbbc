/** Bytes of one image file: an uncompressed grey face at 300 dpi has 4 MB. */
export const IMAGE_BYTES_MAX = 32 * 1024 * 1024;

/** Pixels of one image: a 9.5 by 12 inch flat at 300 dpi has 10 million; a decompression bomb has more. */
export const IMAGE_PIXELS_MAX = 50_000_000;

/** The same in CMYK and other spaces, whose colors take 40 ns a pixel to turn into grey. */
export const CONVERTED_PIXELS_MAX = 20_000_000;

/** The same of BMP, which takes 70 ns a pixel: a flat at 300 dpi, and little more. */
export const BITMAP_PIXELS_MAX = 12_000_000;

/** Pixels of one side: a picture a million wide and a few high costs a reader more than its area tells. */
export const IMAGE_SIDE_PX_MAX = 20_000;

/** Pixels of a grey PNG that is read here and not by libvips: a face at 300 dpi has 2 million. */
export const GREY_PNG_PIXELS_MAX = 16_000_000;

/** Pixels of a JPEG that is decoded here and not by libvips: a crop has 50,000. From some 400,000 on libvips is faster. */
export const SMALL_JPEG_PIXELS_MAX = 160_000;

/** Pages of one file that are looked at; a face has one, a stack of a mailpiece's sides a few. */
export const IMAGE_PAGES_MAX = 16;

/** Frames of an animated picture, each of which is found by going through those before it: a million took 0.5 s every time. */
export const IMAGE_FRAMES_MAX = 1_000;

/** Characters of what is said of an image. */
export const NOTE_CHARS_MAX = 512;

/**
 * Changes between dark and light on a picture that is given to a general reader whole, which cannot be interrupted; a busier one
 * is halved. For Data Matrix a change costs 0.13 to 0.25 µs. For all symbologies together time grows with its square: 4 million
 * pixels of finder patterns of QR took 7.2 s, a quarter of them 0.7 s. A face has 30,000, one under strong noise 250,000.
 */
export const DATA_MATRIX_REVERSALS_MAX = 1_000_000;
export const ANY_REVERSALS_MAX = 150_000;

/** Milliseconds of processor time after which no other way of reading is tried: the last resort behind the bounds of each. */
export const IMAGE_MS_MAX = 1_200;

/** Symbols looked at on one image by the last rung of the ladder. */
export const SYMBOLS_MAX = 8;

/**
 * Milliseconds of processor time that a reading process may spend on one order before it is killed, where the system tells it:
 * four pictures of a piece take IMAGE_MS_MAX and what the last way of reading takes. On the clock it may take so many times as
 * long, since others also want the processor.
 */
export const READER_MS_MAX = 6_000;
export const READER_STALL_FACTOR = 2;

/** Milliseconds from the start of a reading process until it can read; 300 on an idle machine. */
export const READER_START_MS_MAX = 60_000;

/** JavaScript heap of a reading process; pixels live outside it. */
export const READER_HEAP_MB_MAX = 256;

/** All memory of a reading process: 50 million pixels of a progressive JPEG in color take about 450 MB. */
export const READER_RESIDENT_BYTES_MAX = 1_500_000_000;

/** Orders that a reading process holds, the one it works on included; one where that takes long. */
export const READER_ORDERS_AHEAD = 2;

/**
 * Milliseconds from which on an image is dear. A crop takes 2 to 5 and a face 15 to 40; what takes more is damaged or no mail.
 * Dear images leave one process to the others while several clients are active.
 */
export const DEAR_IMAGE_MS = 60;

/** Milliseconds that an image of a client is thought to take before the first of its size has been read, for each 64 kB. */
export const UNKNOWN_IMAGE_MS = 10;

/** Of the dearest image that a client sent of a size, so much is expected of the next one, and of that one after it. */
export const EXPECTED_SHARE = 0.8;

/** Clients whose images are remembered by what they took. */
export const IMAGE_CLIENTS_MAX = 256;

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
/** Through a lens: of 40 marks that only these looks read, the one that took longest took 63. */
export const LENS_TRIES_MAX = 80;

/** Grids of one picture that are remembered, to be taken together with those of other pictures of the same piece. */
export const SOFT_DECISIONS_MAX = 3;

/** Tries of error correction over all pictures of a piece together. */
export const COMBINED_TRIES_MAX = 250;
