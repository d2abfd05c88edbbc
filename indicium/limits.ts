/** Every bound that more than one folder must agree on. Bounds of one folder alone stand in its own limits.ts. */

/** A payload longer than this is refused unread. The largest Data Matrix holds 1,556 bytes, the largest PDF417 1,108. */
export const SCAN_PAYLOAD_BYTES_MAX = 2_048;

/** Characters in a scan id, machine or plant name, mailpiece id, pass or sorter destination. */
export const SCAN_TEXT_CHARS_MAX = 256;

/** Scans in one batch: 5,000 keep two verifying workers busy and a commit under 20 ms (docs/decisions/0003). */
export const BATCH_SCANS_MAX = 5_000;

/** Bytes of a file that a flag names: keys, certificates, passwords, settings. A chain of authorities has 100 kB. */
export const NAMED_FILE_BYTES_MAX = 4 * 1024 * 1024;
