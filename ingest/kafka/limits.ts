/** Bytes of one message of scans that are looked at: a batch of lines, or a whole face image. Larger ones are dead letters. */
export const SCAN_MESSAGE_BYTES_MAX = 8 * 2 ** 20;

/**
 * Lines of one message, blank ones included: 8 MiB of lines of a scan with a payload are 25,000. Of a message full of braces
 * each line was a dead letter of its own, 4 million of them.
 */
export const SCAN_MESSAGE_LINES_MAX = 50_000;

/** Bytes of the key, and of all headers, that a dead letter keeps of its message; what is beyond is left out and said so. */
export const DEAD_LETTER_KEY_BYTES_MAX = 4 * 1024;
export const DEAD_LETTER_HEADERS_BYTES_MAX = 64 * 1024;
/** The same for one line: a message may have 50,000 that are not scans, each a dead letter with all of its headers. */
export const DEAD_LINE_HEADERS_BYTES_MAX = 1024;

/** Bytes that the brokers take as one message: room for what is too large for us, so that it can be kept and shown. */
export const TOPIC_MESSAGE_BYTES_MAX = 14 * 2 ** 20;

/** Bytes of the value that a dead letter keeps, which leaves room for its headers. */
export const DEAD_LETTER_VALUE_BYTES_MAX = TOPIC_MESSAGE_BYTES_MAX - 256 * 1024;

/** Bytes that one compressed batch of messages may become: many times what a broker takes, and no more than memory bears. */
export const DECOMPRESSED_BYTES_MAX = 128 * 2 ** 20;

/** Bytes of readings in one message: with Kafka's usual bound of 1 MB on what is fetched from a partition at a time, one. */
export const READING_MESSAGE_BYTES_MAX = 768 * 1024;

/** Rows in one message of readings: a batch that a stage takes. */
export const READING_MESSAGE_ROWS_MAX = 5_000;

/** Bytes of lines that are one task of a reader: about 5,000 lines with a payload. */
export const READ_TASK_BYTES_MAX = 1_600_000;

/** Messages with an image that are one task of the readers: half a second's work. */
export const READ_TASK_IMAGES_MAX = 64;

/** Bytes of readings that are judged as one batch. */
export const JUDGE_TASK_BYTES_MAX = 1_600_000;

/** Tasks of one partition that may be worked on at a time: enough for two readers, or to share a commit. */
export const TASKS_AHEAD_MAX = 4;

/**
 * Bytes that a stage holds, fetched and not done, over all its partitions. A partition that holds its share is paused
 * until half of it is done; one fetch more may be on its way.
 */
export const STAGE_BYTES_MAX = 64 * 2 ** 20;

/** Bytes fetched from one partition at a time; a single larger message is fetched all the same. */
export const FETCH_PARTITION_BYTES = 2 ** 20;

/** Bytes in one answer of a broker. */
export const FETCH_BYTES = 16 * 2 ** 20;

/** A member that says nothing for so long is taken for dead: longer than any pause of a healthy one. */
export const SESSION_SECONDS = 10;

/** A transaction that is open for longer was left by a dead member and is aborted by the broker. */
export const TRANSACTION_MS_MAX = 30_000;

/** How long an idle consumer waits at the broker: also the longest until a partition that was resumed is fetched. */
export const FETCH_WAIT_MS = 100;

/** After a failure of a broker a partition is taken up again after so long, twice as long each time, up to the longest. */
export const RETRY_MS_FIRST = 200;
export const RETRY_MS_MAX = 5_000;

/** Bytes of the fields of an image scan, in its header. */
export const SCAN_HEADER_BYTES_MAX = 16 * 1024;

/** Bytes of dead letters that are put back in one transaction. */
export const REDRIVE_BYTES_MAX = 2 ** 20;

/** Dead letters that are listed where no other number is asked for, and at most: 100,000 are some 50 MB. */
export const DEAD_LETTERS_LISTED = 100;
export const DEAD_LETTERS_LISTED_MAX = 100_000;

/** Bytes of a dead letter in which its scan id is looked for: as many as the fields of a scan have. */
export const DEAD_LETTER_LOOK_BYTES_MAX = 64 * 1024;
