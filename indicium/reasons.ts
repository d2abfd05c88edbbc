/**
 * Why a piece was not simply accepted: a closed set. Codes are stored, printed and sent to sorters, so a code never
 * changes its meaning; a new meaning gets a new code. The sentence is what a person is shown.
 */
export const REASONS = {
  // The scan itself.
  'scan-malformed': 'The scan record could not be read as one JSON object with the fields of a scan.',
  'scan-incomplete': 'The scan carries neither a payload nor an image.',
  'scan-id-reused': 'Another scan with the same scan id but other contents was recorded before.',
  // The image.
  'image-missing': 'The image file named by the scan does not exist.',
  'image-refused': 'The image lies outside the folder of its scan file, is not a regular file, or cannot be read.',
  'image-too-large': 'The image has more bytes or pixels than a scan of a mailpiece can have.',
  'image-unsupported': 'The file is not an image of a supported kind (PNG, JPEG, TIFF, WebP, GIF, BMP).',
  'image-corrupt': 'The image file is damaged.',
  'reader-timeout': 'Reading the image took longer than any image may, twice, and was stopped.',
  'reader-failed': 'Reading the scan crashed its reader, or took more memory than any image may, twice.',
  // The mark.
  'no-symbol': 'No readable symbol was found on the image.',
  'payload-empty': 'The payload has no bytes.',
  'payload-too-long': 'The payload is longer than any indicium.',
  'unknown-version': 'The symbol is not an indicium of a version known here.',
  'unknown-suite': 'The indicium names a signature suite that does not exist.',
  'bad-length': 'The indicium is shorter or longer than its suite requires.',
  'reserved-bits': 'The indicium sets bits that must be zero.',
  'out-of-range': 'A number in the indicium lies outside its range.',
  'bad-psd': 'The PSD identifier holds characters that do not exist in one.',
  'bad-postcode': 'A postcode in the indicium holds characters that do not exist in one.',
  'bad-date': 'The date of the indicium lies outside the years 2000 to 2099.',
  // The signature and what stands behind it.
  'no-key': 'The mark is of another post, whose keys are not known here: nothing can be said about its signature.',
  'unknown-key': 'No key with this id is registered, so nothing can be said about the signature.',
  'key-mismatch': 'The key named in the indicium belongs to another PSD or another license.',
  'borrowed-name':
    'The key named in the indicium belongs to another PSD or another license, and made the signature: its owner signed in a name that is not his.',
  'suite-mismatch': 'The indicium names another signature suite than its key has.',
  forged: 'The signature does not fit the indicium: it was forged or altered.',
  'key-not-yet-valid': 'The key was certified only after the date of the indicium.',
  'expired-key': 'The certificate of the key had expired at the date of the indicium.',
  'compromised-key': 'The indicium is dated after the key may have been in other hands.',
  'revoked-key': 'The indicium is dated after its key was revoked.',
  'valid-but-revoked-key':
    'The indicium is dated before its key was revoked or compromised, but scanned after: review it.',
  'expired-license': 'The license was not in force at the date of the indicium.',
  'revoked-license': 'The license had been revoked at the date of the indicium.',
  'ungranted-psd': 'The license was not granted to this PSD at the time of franking.',
  'overspread-license': 'The license is on more PSDs than the authority allowed, and this PSD is beyond the limit.',
  'date-anomaly': 'The date of the indicium lies too far before or after its scan, or the receipt of it.',
  // What other sightings say.
  copy: 'The same indicium was seen on another mailpiece.',
  'cloned-id': 'The same indicium and mailpiece id were seen where one piece cannot have been: both were copied.',
  'possible-copy': 'The same indicium was seen before, and nothing shows whether on this mailpiece or another.',
  fork: 'The same piece count was seen with other contents, both genuinely signed: a cloned PSD or a register rollback.',
} as const;

export type ReasonCode = keyof typeof REASONS;

export function isReasonCode(text: string): text is ReasonCode {
  return Object.hasOwn(REASONS, text);
}

export const REASON_CODES: readonly ReasonCode[] = Object.keys(REASONS).filter(isReasonCode);

/** Why an answer is not a verdict: sent to sorters, never stored, and in no policy. */
export const ANSWER_ONLY_REASONS = {
  'deadline-passed': 'The verdict was not there before the deadline of the scan; it follows.',
} as const;

export type AnswerReasonCode = ReasonCode | keyof typeof ANSWER_ONLY_REASONS;

export const ANSWER_REASON_CODES: readonly AnswerReasonCode[] = [...REASON_CODES, 'deadline-passed'];

/** Reasons that tell of a broken machine, link or file, not of a mailpiece: a person must act. */
export const UNUSABLE_SCANS: ReadonlySet<string> = new Set<ReasonCode>([
  'scan-malformed',
  'scan-incomplete',
  'scan-id-reused',
  'image-missing',
  'image-refused',
  'image-too-large',
  'image-unsupported',
  'image-corrupt',
  'reader-timeout',
  'reader-failed',
]);
