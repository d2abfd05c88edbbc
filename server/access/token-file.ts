import { isUtf8 } from 'node:buffer';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import {
  ExpectedError,
  excerpt,
  FILE_FAULTS,
  readNamedFile,
  SCAN_TEXT_CHARS_MAX,
  strictJson,
} from '../../indicium/index.ts';
import { TOKENS_FILE_BYTES_MAX, TOKENS_MAX } from './limits.ts';
import { TOKEN_ID } from './token.ts';

/** The file of tokens is missing or not as it must be; the message names it. */
export class TokenFileError extends ExpectedError {
  override readonly name = 'TokenFileError';
  override readonly failure = 'tokens';
}

/** `sorter` posts scans of its plant, `investigator` reads verdicts, `metrics` reads metrics. */
export const ROLES = ['sorter', 'investigator', 'metrics'] as const;
export type Role = (typeof ROLES)[number];

const closed = { additionalProperties: false };
/** Text without control characters, which could write over a terminal. */
const Name = Type.String({ pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]+$', maxLength: SCAN_TEXT_CHARS_MAX });
const Moment = Type.String({ maxLength: 24, pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$' });
const Digest = Type.String({ maxLength: 64, pattern: '^[0-9a-f]{64}$' });
const orNull = <Schema extends typeof Name>(schema: Schema) => Type.Union([schema, Type.Null()]);

const RoleShape = Type.Union([Type.Literal('sorter'), Type.Literal('investigator'), Type.Literal('metrics')]);

const EntryShape = Type.Object(
  {
    id: Type.String({ maxLength: 12, pattern: `^${TOKEN_ID}$` }),
    /** Of the machine or person that holds it. */
    name: Name,
    /** Null for all plants. */
    plant: orNull(Name),
    roles: Type.Array(RoleShape, { minItems: 1, maxItems: ROLES.length, uniqueItems: true }),
    createdAt: Moment,
    expiresAt: orNull(Moment),
    revokedAt: orNull(Moment),
    /** SHA-256 of the token in hex; null for a client certificate. */
    sha256: orNull(Digest),
    /** SHA-256 of the client certificate (DER) in hex; null for a token. */
    certificateSha256: orNull(Digest),
  },
  closed,
);
const FileShape = Compile(
  Type.Object({ version: Type.Literal(1), tokens: Type.Array(EntryShape, { maxItems: TOKENS_MAX }) }, closed),
);

/** As far as needed to say which of its entries is invalid. */
const Outline = Compile(Type.Object({ version: Type.Literal(1), tokens: Type.Array(Type.Unknown()) }));
const Entry = Compile(EntryShape);

/** One line of the file: who holds a token or certificate, and what it allows. */
export type TokenEntry = Readonly<Static<typeof EntryShape>>;

/** Bits of a file's mode with which others than its owner may write it. */
const OTHERS_MAY_WRITE = 0o022;

/** @throws TokenFileError */
export function readTokenFile(path: string): readonly TokenEntry[] {
  const file = readNamedFile(path, TOKENS_FILE_BYTES_MAX);
  if (file === 'absent') throw new TokenFileError(`${path}: no such file of tokens`);
  if (file === 'too-long') throw new TokenFileError(`${path}: larger than a file of tokens can be`);
  if (typeof file === 'string') throw new TokenFileError(`${path}: ${FILE_FAULTS[file]}`);
  if ((file.mode & OTHERS_MAY_WRITE) !== 0) {
    throw new TokenFileError(`${path}: users other than its owner may write it; chmod 600 it and look at what it says`);
  }
  // Two plants whose names are not text would become one.
  if (!isUtf8(file.bytes)) throw new TokenFileError(`${path}: not UTF-8`);
  return parseTokens(path, file.bytes.toString('utf8'));
}

/** @throws TokenFileError for anything that `tokenFileText` does not write, but for white space. */
export function parseTokens(path: string, text: string): readonly TokenEntry[] {
  const read = strictJson(text);
  if ('problem' in read) throw new TokenFileError(`${path}: ${read.problem}`);
  const { value } = read;
  if (!FileShape.Check(value)) throw new TokenFileError(`${path}: ${excerpt(problemWith(value))}`);
  const ids = new Set<string>();
  for (const entry of value.tokens) {
    const problem = ids.has(entry.id) ? 'another token has the same id' : problemOf(entry);
    if (problem !== null) throw new TokenFileError(`${path}: token ${entry.id}: ${problem}`);
    ids.add(entry.id);
  }
  return value.tokens;
}

/**
 * Only the first invalid entry is looked at: to list all that is wrong with a file of 32 MiB takes half
 * a minute.
 */
function problemWith(value: unknown): string {
  const tokens = Outline.Check(value) ? value.tokens : null;
  if (tokens === null) return 'not a file of tokens: expected /version 1, and a list /tokens';
  if (tokens.length > TOKENS_MAX) return `/tokens has ${tokens.length} entries, at most ${TOKENS_MAX}`;
  const index = tokens.findIndex((entry) => !Entry.Check(entry));
  if (index === -1) return '/ has an unknown field';
  const [first] = Entry.Errors(tokens[index]);
  return `/tokens/${index}${first?.instancePath ?? ''} ${first?.message ?? 'is not a token'}`;
}

/** What a shape cannot say. */
function problemOf({ plant, roles, sha256, certificateSha256, ...times }: TokenEntry): string | null {
  if ((sha256 === null) === (certificateSha256 === null)) return 'neither a token nor a certificate, or both';
  if (roles.includes('sorter') && plant === null) return 'a sorter belongs to a plant';
  const dates = [times.createdAt, times.expiresAt, times.revokedAt].filter((text) => text !== null);
  return dates.every(isMoment) ? null : 'a date that does not exist';
}

function isMoment(text: string): boolean {
  const ms = Date.parse(text);
  return !Number.isNaN(ms) && new Date(ms).toISOString() === text;
}

export function tokenFileText(tokens: readonly TokenEntry[]): string {
  return `${JSON.stringify({ version: 1, tokens }, null, 2)}\n`;
}
