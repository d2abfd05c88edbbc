/** Why a statement of a stranger is not asked at all: a closed set, whose codes never change their meaning. */
export const REFUSAL_CODES = [
  'too-long',
  'too-deep',
  'syntax',
  'several-statements',
  'not-a-select',
  'unknown-node',
  'unknown-view',
  'unknown-function',
  'unknown-type',
] as const;
type RefusalCode = (typeof REFUSAL_CODES)[number];

/** A statement that is not asked, and what of it stands on no list. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
}
