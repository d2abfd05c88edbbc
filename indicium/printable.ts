/**
 * What a terminal obeys or hides: control characters (C0, DEL, C1), line and paragraph separators, characters that turn the
 * direction of text (Unicode 17, section 23.2; Bidi_Control of UAX #9), and halves of surrogate pairs. Escape sequences
 * begin with ESC (C0) or CSI (C1), ECMA-48, so that nothing is left of one.
 */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/gu;
const UNPRINTABLE_IN_LINES = /(?![\n\t])[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/gu;

/** One line of text from outside, as it may be shown: what is not printable becomes `\u001b` or the like. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escaped);
}

/** Several lines: newlines and tabs stay. For text whose layout is ours; what is put into it goes through `printable`. */
export function printableLines(text: string): string {
  return text.replace(UNPRINTABLE_IN_LINES, escaped);
}

/** JSON text (without white space between its values) with the same escapes, which are exact: it parses to the same. */
export function printableJson(value: unknown): string {
  return printable(JSON.stringify(value));
}

/** None of these lies beyond U+FFFF, so that one escape of JSON is enough. */
function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
