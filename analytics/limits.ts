/**
 * Pages of the live window of sightings: 64 pieces of one register set in 2 kB each, so 32 million pieces in about
 * 1.1 GB. The window is what was used last; other pages shrink to bits.
 */
export const LIVE_PAGES_MAX = 500_000;

/** Pages of one bit a piece: about 60 bytes each with their place in the index, so a billion pieces in 1 GB. */
export const SEEN_PAGES_MAX = 2 ** 24;

/** Pieces of which more is kept than the first sighting since something is wrong with them: some 200 MB. */
export const PIECES_KEPT_BESIDE_MAX = 1_000_000;

/**
 * Later sightings kept of pieces in whose path nothing is wrong, 39 bytes each: 41 MB. Beyond them the oldest are forgotten. A
 * plant that sorts 50,000 pieces an hour twice remembers those of 20 hours.
 */
export const PATH_SIGHTINGS_KEPT_MAX = 2 ** 20;

/** Scans since the last snapshot from which on a store that is closed gets a new one: to be shown so many again takes four seconds. */
export const SNAPSHOT_SCANS_MIN = 1_000_000;

/** Mailpiece ids of which it is remembered on how many marks they were: 1.2 MB. A placeholder comes again long before it is forgotten. */
export const IDS_REMEMBERED = 2 ** 16;

/** Marks with one mailpiece id from which on it is taken for a word that a machine writes where it read none. */
export const MARKS_PER_ID_MAX = 4;

/** Different sightings remembered for one piece count; beyond them a piece goes to a person at least. */
export const SIGHTINGS_PER_PIECE_MAX = 32;

/** Plants told apart; further names count as unknown. The world's posts have some 10,000 sorting plants. */
export const PLANTS_MAX = 1_000_000;

/** Names of plants that come over from the store as numbers when the sightings are rebuilt; rarer ones come as texts. */
export const PLANT_NAMES_MAX = 65_536;

/** Rows of a table for people that are held to know how wide its columns are. */
export const TABLE_WIDTH_ROWS = 10_000;

/** Rows, columns and characters of a cell that Excel opens: its own specification, and no more can be in a sheet. */
export const SHEET_ROWS_MAX = 1_048_576;
export const SHEET_COLUMNS_MAX = 16_384;
export const SHEET_CELL_CHARACTERS_MAX = 32_767;

/** DuckDB's own memory for one store. */
export const STORE_MEMORY = '2GB';

/**
 * Write-ahead log that is put into the file at once. With DuckDB's own 16 MB, putting it in took a third of all the work
 * of recording; this much is read again within a second or two after a kill.
 */
export const WAL_SIZE = '256MB';

/** Scan ids that the first layer of the filter of known scans holds: 4 MB. Each further layer is twice as large. */
export const FILTER_SCANS_FIRST = 2 ** 20;

/** Scan ids in the last layer of the filter: 512 MB for it, as much again for all before it, 256 million scans. */
export const FILTER_SCANS_MAX = 2 ** 27;

/** Scans whose answers are kept at hand, since most that come again come soon: about 60 MB. */
export const RECENT_SCANS_MAX = 250_000;

/**
 * Scans with other contents under one key that are kept at hand, about 100 bytes each: a sender who repeats an id a million
 * times must cost no more than one who counts. What is beyond it is looked up in the store.
 */
export const SCANS_PER_KEY_KEPT_MAX = 1_000;

/** Verdicts under one scan id that a look-up gives, the newest: a machine whose counter starts again has some. */
export const VERDICTS_PER_LOOK_UP_MAX = 100;

/** Rows in one transaction of several batches; a single batch may be larger. */
export const GROUP_ROWS_MAX = 10_000;

/** A policy names some 60 things; one much larger is another file. */
export const POLICY_BYTES_MAX = 100_000;

/** New rows that detectors copy into memory to look at them again and again; beyond, they read them where they are. */
export const FRESH_ROWS_IN_MEMORY_MAX = 500_000;

/**
 * New rows up to which a look of the detectors takes one thread. Each of its joins and sums prepares for every thread: a look at
 * 100 rows takes 0.6 s with one, 0.8 with two and 1.7 with eight on two cores; at 50,000 rows, one is still as fast as two.
 */
export const FRESH_ROWS_OF_ONE_THREAD_MAX = 50_000;

/** Tries to copy a store that somebody still writes to: a checkpoint in between spoils one, and takes a second or two. */
export const COPY_TRIES_MAX = 8;

/** Between two tries to copy: as long as a small checkpoint takes. */
export const COPY_AGAIN_MS = 250;

/** How often the owner of a partition looks whether it still is: one look at a name in a folder. */
export const OWNER_POLL_MS = 250;

/** One view of a running store that is fetched to be asked: the evidence of 100 million scans. */
export const FETCHED_BYTES_MAX = 2 ** 34;

/** A view of that size, at 30 MB a second. */
export const FETCH_TIMEOUT_MS = 600_000;

/** Characters of a stranger's statement: the longest of our own queries has a tenth. */
export const STATEMENT_CHARACTERS_MAX = 20_000;

/** Brackets, and queries within queries, of a stranger's statement: the parser of DuckDB overflows its stack from some thousand on. */
export const STATEMENT_DEPTH_MAX = 50;

/** Threads of DuckDB for a stranger's statement: others use the machine, too. */
export const STRANGERS_THREADS = 2;

/** Defaults and bounds of what a stranger's statement may take. */
export const STRANGERS_DEADLINE_S = 30;
export const STRANGERS_DEADLINE_S_MAX = 86_400;
export const STRANGERS_MEMORY_MIB = 512;
export const STRANGERS_MEMORY_MIB_MIN = 64;
export const STRANGERS_MEMORY_MIB_MAX = 65_536;
export const STRANGERS_ROWS = 1_000_000;
export const STRANGERS_ROWS_MAX = 1_000_000_000;

/** Bytes of an answer to a stranger, after which no further chunk of rows is written. */
export const STRANGERS_ANSWER_BYTES_MAX = 2 ** 30;

/**
 * Memory that a query process may have beside DuckDB's own: Node and DuckDB map 620 MiB of it before the first row, 95 of them
 * resident; the rest is for the rows on their way.
 */
export const QUERY_PROCESS_DATA_MIB = 1_024;

/** JavaScript's share of it. */
export const QUERY_PROCESS_HEAP_MIB = 256;

/** A query process that has not opened its store by then does not start. */
export const QUERY_PROCESS_START_MS_MAX = 60_000;

/** How often it is said how far a query is. */
export const QUERY_PROGRESS_MS = 250;

/** One line of what a query process says beside its answer: a message of DuckDB's and its place. */
export const QUERY_REPORT_CHARACTERS_MAX = 65_536;

/** Of what a process wrote on its error output, enough to tell why it died. */
export const QUERY_ERROR_CHARACTERS = 4_000;
