/** In UTF-8 no character has this byte, so that a text that holds it is known to be none. */
const NO_UTF8 = Buffer.from([0xff]);
const LONE_SURROGATE = /(\p{Surrogate})/u;

/** UTF-16 text as UTF-8. Half a surrogate pair, and half a character at the end, become a byte that UTF-8 has not. */
export async function* utf8OfUtf16(
  chunks: AsyncIterable<Buffer>,
  isLittle: boolean,
): AsyncGenerator<Buffer, void, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const ends = wholeCharacters(bytes, isLittle);
    rest = bytes.subarray(ends);
    if (ends > 0) yield utf8Of(utf16Text(bytes.subarray(0, ends), isLittle));
  }
  if (rest.length > 0) {
    const units = rest.length - (rest.length % 2);
    yield Buffer.concat([
      utf8Of(utf16Text(rest.subarray(0, units), isLittle)),
      units === rest.length ? Buffer.alloc(0) : NO_UTF8,
    ]);
  }
}

/** Up to where the bytes hold whole characters: not the first half of a pair, whose other half is still to come. */
function wholeCharacters(bytes: Buffer, isLittle: boolean): number {
  const units = bytes.length - (bytes.length % 2);
  if (units === 0) return 0;
  const last = isLittle ? bytes.readUInt16LE(units - 2) : bytes.readUInt16BE(units - 2);
  return last >= 0xd800 && last < 0xdc00 ? units - 2 : units;
}

function utf16Text(bytes: Buffer, isLittle: boolean): string {
  return (isLittle ? bytes : Buffer.from(bytes).swap16()).toString('utf16le');
}

function utf8Of(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text);
  const parts = text.split(LONE_SURROGATE);
  return Buffer.concat(parts.map((part, index) => (index % 2 === 1 ? NO_UTF8 : Buffer.from(part))));
}
