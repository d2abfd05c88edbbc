/** Tokens in one file, revoked ones included: a large post has some hundred machines at some hundred plants. */
export const TOKENS_MAX = 50_000;

/** Bytes of a file of tokens: an entry has some 350. */
export const TOKENS_FILE_BYTES_MAX = 32 * 1024 * 1024;

/** Milliseconds between looks at the file: what was revoked is refused so much later at most. A look costs one stat. */
export const TOKENS_POLL_MS = 500;
