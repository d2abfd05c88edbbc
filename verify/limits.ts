/** Bytes of one registry file. A million key records are about 300 MB. */
export const REGISTRY_FILE_BYTES_MAX = 1024 * 1024 * 1024;

/** Characters of one line of a registry file: a key record has 400, a certificate in base64 some thousand. */
export const REGISTRY_LINE_CHARS_MAX = 64 * 1024;

/** Bytes of a root or of the head of a trust list: names, digests and a few signatures. */
export const TRUST_HEAD_BYTES_MAX = 1024 * 1024;

/** Characters of one signature in base64: one by an RSA key of 4,096 bits has 684. */
export const SIGNATURE_CHARS_MAX = 1_024;

/** Bytes of the log of all heads: 65 each, so a million publications. */
export const TRUST_LOG_BYTES_MAX = 64 * 1024 * 1024;

/** Roots that one pull follows: one a month for 80 years. */
export const TRUST_ROOTS_PER_PULL_MAX = 1_000;

/** Bytes of a registry file, or of an increment, that is worked on as text; larger ones are fetched whole. Strings end at 512 MB. */
export const PATCHED_FILE_BYTES_MAX = 256 * 1024 * 1024;

/** Milliseconds of a whole pull: a gigabyte at 10 Mbit/s. What comes drop by drop must not hold one for hours. */
export const PULL_MS_MAX = 15 * 60_000;

/** Milliseconds of a pull in which nothing comes. */
export const PULL_SILENCE_MS_MAX = 30_000;

/** Errors listed before a broken registry is given up: enough to mend it, few enough to read. */
export const REGISTRY_ERRORS_SHOWN_MAX = 10;

/** Imported keys held by one thread: 2 kB each, so 40 MB. */
export const IMPORTED_KEYS_MAX = 20_000;

/** A PSD gets its time in signed messages and may be a time zone and some hours off. */
export const PRINTED_AHEAD_MS_MAX = 36 * 3_600_000;

/** Mail is deposited on the day it is franked or soon after; what is older was kept, or backdated. */
export const PRINTED_BEHIND_MS_MAX = 30 * 24 * 3_600_000;

/** Certificates between a key and a root, both included. */
export const CERTIFICATE_PATH_MAX = 6;
