/** Bytes of one registry file. A million key records are about 250 MB. */
export const REGISTRY_FILE_BYTES_MAX = 512 * 1024 * 1024;

/** Errors listed before a broken registry is given up: enough to mend it, few enough to read. */
export const REGISTRY_ERRORS_SHOWN_MAX = 10;
