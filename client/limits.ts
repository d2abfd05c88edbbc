/** Milliseconds within which a call is answered or given up, retries included, unless the caller says otherwise. */
export const WITHIN_MS = 10_000;

/** Beyond its deadline, a scan waits so long for an answer that is on its way: a sorter must know soon that none comes. */
export const ANSWER_GRACE_MS = 250;

/** Between attempts: doubled each time, less up to half of it, so that clients do not come back all at once. */
export const BACKOFF_MS_MIN = 10;
export const BACKOFF_MS_MAX = 1_000;

/** A longer Retry-After is not obeyed to the end: the server may have recovered long before. */
export const RETRY_AFTER_MS_MAX = 5_000;

/** Connections to one server at a time. */
export const CONNECTIONS_MAX = 256;

/** Bytes of one answer: a batch of 1,000 verdicts with all their fields has 1 MB. */
export const ANSWER_BYTES_MAX = 32 * 1024 * 1024;

/** Scans of a stream that are sent and not answered yet: what is sent again when the connection breaks. */
export const STREAM_UNANSWERED_MAX = 10_000;
/** Characters of their lines: 10,000 payloads have 5 million, pictures ten times as many. */
export const STREAM_UNANSWERED_CHARS_MAX = 16 * 1024 * 1024;

/** Characters of lines that are written at once: a write for each line costs more than the line. */
export const SEND_CHARS = 64 * 1024;

/** Scan ids of late verdicts that are remembered, so that none is given twice when the connection comes back. */
export const LATE_REMEMBERED_MAX = 20_000;
