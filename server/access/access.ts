import { timingSafeEqual } from 'node:crypto';
import { statSync } from 'node:fs';
import { TOKENS_POLL_MS } from './limits.ts';
import { sha256Of, tokenIdOf } from './token.ts';
import { type Role, readTokenFile, type TokenEntry, TokenFileError } from './token-file.ts';

/** Why somebody is not let in: a closed set, with a sentence for people. */
export const ACCESS_REFUSALS = {
  missing: 'The request carries neither a token nor a client certificate.',
  malformed: 'The Authorization header is not "Bearer" and a token of this program.',
  unknown: 'No such token or client certificate is known here.',
  revoked: 'The token or client certificate was revoked.',
  expired: 'The token or client certificate has expired.',
  unavailable: 'The file of tokens cannot be used at the moment, so that nobody is let in.',
} as const;

interface AccessRefusal {
  readonly refusal: keyof typeof ACCESS_REFUSALS;
}

/** Who asks. */
export interface Identity {
  /** Id of the token or certificate in the file. */
  readonly id: string;
  /** Name of the machine or person. */
  readonly machine: string;
  /** Null for all plants; a sorter always has one. */
  readonly plant: string | null;
  readonly roles: readonly Role[];
}

interface AccessPorts {
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** The file has become unusable: from now on nobody is let in, until it can be read again. */
  readonly onUnusable?: (error: TokenFileError) => void;
}

/** Who may come in, as a file of tokens says. What changes in it holds TOKENS_POLL_MS later at most. */
export interface Access {
  /** By the value of an Authorization header. */
  authenticate(authorization: string | undefined): Identity | AccessRefusal;
  /** By a client certificate (DER) whose key the peer has proven to hold in the TLS handshake. */
  authenticateCertificate(certificate: Uint8Array | undefined): Identity | AccessRefusal;
  /** Null as long as somebody who came in is still let in: for connections that stay open. */
  recheck(identity: Identity): AccessRefusal | null;
}

export function isAccessRefusal(answer: Identity | AccessRefusal): answer is AccessRefusal {
  return 'refusal' in answer;
}

/** Whether verdicts about scans of this plant may be read. */
export function mayReadVerdicts({ roles, plant: own }: Identity, plant: string | null): boolean {
  return roles.includes('investigator') && (own === null || plant === own);
}

/**
 * Opens a file of tokens.
 *
 * @throws TokenFileError when it is missing or unusable to begin with.
 */
export function openTokens(path: string, ports: AccessPorts): Access {
  return new FileAccess(path, ports);
}

interface Known {
  readonly entry: TokenEntry;
  /** NO_DIGEST for a certificate. */
  readonly digest: Buffer;
}

/** Fits no token. Compared with where there is no such id, so that asking for one takes as long as a wrong secret. */
const NO_DIGEST = Buffer.alloc(32);

class FileAccess implements Access {
  readonly #path: string;
  readonly #ports: AccessPorts;
  /** By id; null while the file cannot be used. */
  #tokens: ReadonlyMap<string, Known> | null;
  #certificates: ReadonlyMap<string, TokenEntry> = new Map();
  #seen: string;
  #lookedAtMs: number;

  constructor(path: string, ports: AccessPorts) {
    this.#path = path;
    this.#ports = ports;
    this.#seen = markOf(path);
    this.#tokens = this.#load();
    this.#lookedAtMs = ports.nowMs();
  }

  authenticate(authorization: string | undefined): Identity | AccessRefusal {
    const tokens = this.#current();
    if (authorization === undefined || authorization === '') return { refusal: 'missing' };
    const token = bearerToken(authorization);
    const id = token === null ? null : tokenIdOf(token);
    if (token === null || id === null) return { refusal: 'malformed' };
    if (tokens === null) return { refusal: 'unavailable' };
    const known = tokens.get(id);
    const isRight = timingSafeEqual(sha256Of(token), known?.digest ?? NO_DIGEST);
    return known === undefined || !isRight ? { refusal: 'unknown' } : this.#admitted(known.entry);
  }

  authenticateCertificate(certificate: Uint8Array | undefined): Identity | AccessRefusal {
    const tokens = this.#current();
    if (certificate === undefined || certificate.length === 0) return { refusal: 'missing' };
    if (tokens === null) return { refusal: 'unavailable' };
    const entry = this.#certificates.get(sha256Of(certificate).toString('hex'));
    return entry === undefined ? { refusal: 'unknown' } : this.#admitted(entry);
  }

  recheck({ id }: Identity): AccessRefusal | null {
    const tokens = this.#current();
    if (tokens === null) return { refusal: 'unavailable' };
    const entry = tokens.get(id)?.entry;
    const answer = entry === undefined ? ({ refusal: 'unknown' } as const) : this.#admitted(entry);
    return isAccessRefusal(answer) ? answer : null;
  }

  /** Told only to callers who have shown the secret: nobody else learns what became of a token. */
  #admitted({ id, name, plant, roles, expiresAt, revokedAt }: TokenEntry): Identity | AccessRefusal {
    if (revokedAt !== null) return { refusal: 'revoked' };
    if (expiresAt !== null && Date.parse(expiresAt) <= this.#ports.nowMs()) return { refusal: 'expired' };
    return { id, machine: name, plant, roles };
  }

  #current(): ReadonlyMap<string, Known> | null {
    const nowMs = this.#ports.nowMs();
    // A clock that was set back must not put the next look off.
    const isDue = nowMs >= this.#lookedAtMs + TOKENS_POLL_MS || nowMs < this.#lookedAtMs;
    if (!isDue) return this.#tokens;
    this.#lookedAtMs = nowMs;
    try {
      const seen = markOf(this.#path);
      if (seen === this.#seen) return this.#tokens;
      this.#seen = seen;
      this.#tokens = this.#load();
    } catch (error) {
      // Somebody may have edited the file to shut a stolen token out: going by the old one would let it in.
      this.#tokens = null;
      this.#ports.onUnusable?.(asFileError(this.#path, error));
    }
    return this.#tokens;
  }

  #load(): ReadonlyMap<string, Known> {
    const tokens = new Map<string, Known>();
    const certificates = new Map<string, TokenEntry>();
    for (const entry of readTokenFile(this.#path)) {
      tokens.set(entry.id, { entry, digest: entry.sha256 === null ? NO_DIGEST : Buffer.from(entry.sha256, 'hex') });
      // One that was revoked may have been added again.
      if (entry.certificateSha256 !== null) certificates.set(entry.certificateSha256, entry);
    }
    this.#certificates = certificates;
    return tokens;
  }
}

/** A token has 85 characters. */
const AUTHORIZATION_CHARS_MAX = 200;

function bearerToken(authorization: string): string | null {
  if (authorization.length > AUTHORIZATION_CHARS_MAX) return null;
  return /^bearer +(\S+)$/i.exec(authorization)?.[1] ?? null;
}

/** Changes whenever the file is replaced or written. */
function markOf(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? 'missing' : `${found.ino} ${found.mtimeNs} ${found.ctimeNs} ${found.size}`;
}

function asFileError(path: string, error: unknown): TokenFileError {
  if (error instanceof TokenFileError) return error;
  return new TokenFileError(`${path}: ${error instanceof Error ? error.message : error}`, { cause: error });
}
