/** Characters of somebody else's text in a message: enough to find it by, too few to fill a log or a terminal. */
export const EXCERPT_CHARS_MAX = 200;

/** A text for use in a message: whole where it is short, else its beginning and how long it is. */
export function excerpt(text: string): string {
  if (text.length <= EXCERPT_CHARS_MAX) return text;
  return `${text.slice(0, EXCERPT_CHARS_MAX).toWellFormed()}… (${text.length} characters)`;
}
