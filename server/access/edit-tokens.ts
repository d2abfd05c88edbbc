import { closeSync, existsSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { hasErrno } from '../../indicium/index.ts';
import { createToken, createTokenId, type RandomBytes, sha256Of } from './token.ts';
import { parseTokens, readTokenFile, type TokenEntry, TokenFileError, tokenFileText } from './token-file.ts';

/** Who is to be let in. Times are milliseconds since 1970. */
export interface Grant {
  readonly name: string;
  readonly plant: string | null;
  readonly roles: TokenEntry['roles'];
  readonly expiresAtMs: number | null;
  /** A client certificate (DER) in place of a token. */
  readonly certificate: Uint8Array | null;
}

interface Granted {
  readonly entry: TokenEntry;
  /** To be shown once; null for a certificate. */
  readonly token: string | null;
}

/** Adds a token or certificate to the file, which is made where there is none. @throws TokenFileError */
export function addToken(path: string, grant: Grant, nowMs: number, randomBytes: RandomBytes): Granted {
  const { name, plant, roles, expiresAtMs, certificate } = grant;
  const created = certificate === null ? createToken(randomBytes) : null;
  const entry: TokenEntry = {
    id: created?.id ?? createTokenId(randomBytes),
    name,
    plant,
    roles,
    createdAt: momentText(nowMs),
    expiresAt: expiresAtMs === null ? null : momentText(expiresAtMs),
    revokedAt: null,
    sha256: created === null ? null : sha256Of(created.token).toString('hex'),
    certificateSha256: certificate === null ? null : sha256Of(certificate).toString('hex'),
  };
  replaceTokens(path, (tokens) => [...tokens, entry]);
  return { entry, token: created?.token ?? null };
}

/** Null where the file has no such token. One that was revoked before keeps its date. @throws TokenFileError */
export function revokeToken(path: string, id: string, nowMs: number): TokenEntry | null {
  if (!readTokenFile(path).some((entry) => entry.id === id)) return null;
  const revoke = (entry: TokenEntry) => ({ ...entry, revokedAt: entry.revokedAt ?? momentText(nowMs) });
  const tokens = replaceTokens(path, (before) => before.map((entry) => (entry.id === id ? revoke(entry) : entry)));
  return tokens.find((entry) => entry.id === id) ?? null;
}

function momentText(ms: number): string {
  return new Date(ms).toISOString();
}

/**
 * Writes the file anew beside its place and renames it into it: readers see it whole, before or after. The file beside
 * it is also what keeps a second writer out.
 */
function replaceTokens(
  named: string,
  change: (tokens: readonly TokenEntry[]) => readonly TokenEntry[],
): readonly TokenEntry[] {
  const path = existsSync(named) ? realpathSync(named) : named;
  const beside = `${path}.new`;
  const file = openExclusively(beside);
  try {
    const tokens = change(existsSync(path) ? readTokenFile(path) : []);
    const text = tokenFileText(tokens);
    // Nothing is written that could not be read again.
    parseTokens(path, text);
    writeFileSync(file, text);
    fsyncSync(file);
    renameSync(beside, path);
    syncFolder(dirname(path));
    return tokens;
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

function openExclusively(path: string): number {
  try {
    return openSync(path, 'wx', 0o600);
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) {
      throw new TokenFileError(`${path}: tokens are being changed by another command; if by none, delete this file`, {
        cause: error,
      });
    }
    throw error;
  }
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  fsyncSync(folder);
  closeSync(folder);
}
