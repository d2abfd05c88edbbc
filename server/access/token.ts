import { createHash } from 'node:crypto';

/** Gives random bytes that nobody can foresee. */
export type RandomBytes = (bytes: number) => Uint8Array;

const ID_BYTES = 6;
const SECRET_BYTES = 32;

/** Names a token in the file and on the command line; no secret. */
export const TOKEN_ID = '[0-9a-f]{12}';

/** What secret scanners are told to look for: `indicia_`, the id, and 256 random bits in hex. */
export const TOKEN_PATTERN = `indicia_(${TOKEN_ID})_[0-9a-f]{64}`;

const WHOLE_TOKEN = new RegExp(`^${TOKEN_PATTERN}$`);

interface NewToken {
  readonly id: string;
  /** To be shown once and kept nowhere. */
  readonly token: string;
}

export function createTokenId(randomBytes: RandomBytes): string {
  return Buffer.from(randomBytes(ID_BYTES)).toString('hex');
}

export function createToken(randomBytes: RandomBytes): NewToken {
  const id = createTokenId(randomBytes);
  return { id, token: `indicia_${id}_${Buffer.from(randomBytes(SECRET_BYTES)).toString('hex')}` };
}

/** The id within a token; null for anything else. */
export function tokenIdOf(token: string): string | null {
  return WHOLE_TOKEN.exec(token)?.[1] ?? null;
}

/** What is kept of a token, or of a client certificate (DER): its SHA-256, 32 bytes. */
export function sha256Of(data: string | Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}
