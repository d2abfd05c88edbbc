import { createHash } from 'node:crypto';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { strictJson } from '../../indicium/index.ts';
import { checkSigners, openEnvelope } from './envelope.ts';
import { isRefusal, refuse, type TrustRefusal } from './failures.ts';
import { leafHash, rootOf } from './merkle.ts';
import type { TrustRoot } from './root.ts';

export const LIST_TYPE = 'application/vnd.indicia.trust-list+json';

const Digest = Type.String({ maxLength: 64, pattern: '^[0-9a-f]{64}$' });
const FileShape = Type.Object({ sha256: Digest, bytes: Type.Integer({ minimum: 0 }) });
const HeadShape = Compile(
  Type.Object({
    version: Type.Integer({ minimum: 1 }),
    issuedAtMs: Type.Integer({ minimum: 0 }),
    expiresAtMs: Type.Integer({ minimum: 0 }),
    log: Type.Object({ size: Type.Integer({ minimum: 0 }), root: Digest }),
    files: Type.Record(Type.String({ pattern: '^[a-z-]+\\.ndjson$' }), FileShape),
    increment: Type.Union([Type.Null(), FileShape]),
  }),
);

export interface SignedFile {
  readonly sha256: string;
  readonly bytes: number;
}

/** The signed head of a trust list: it fixes every file of its version, and all versions before it. */
export interface TrustHead {
  readonly version: number;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  /** The tree over the digests of the heads before this one; as many as there were versions. */
  readonly log: { readonly size: number; readonly root: string };
  readonly files: Readonly<Record<string, SignedFile>>;
  /** What changed since the version before, where that is published. */
  readonly increment: SignedFile | null;
  /** SHA-256 of the signed bytes: the leaf that the next version's log ends with. */
  readonly digest: string;
}

/** What a verifier remembers of the list that it accepted last. */
export interface TrustState {
  readonly version: number;
  readonly digest: string;
  readonly logSize: number;
  readonly logRoot: string;
}

/**
 * Accepts the head of a trust list, or says why not: signed by enough keys of the root, not expired, not older than
 * what was accepted, and in one history with it. `log` are the digests of all earlier heads, as the publisher gives
 * them; they prove nothing by themselves, but must give the signed root.
 */
export function acceptHead(
  text: string,
  root: TrustRoot,
  log: readonly string[],
  state: TrustState | null,
  nowMs: number,
): TrustHead | TrustRefusal {
  const envelope = openEnvelope(text, LIST_TYPE);
  if (isRefusal(envelope)) return envelope;
  const unsigned = checkSigners(envelope, root.list);
  if (unsigned !== null) return unsigned;
  const read = strictJson(envelope.payload.toString('utf8'));
  if ('problem' in read) return refuse('trust-malformed', `the list: ${read.problem}`);
  const { value } = read;
  if (!HeadShape.Check(value)) return refuse('trust-malformed', 'the list lacks a field or has a wrong one');
  const head: TrustHead = { ...value, digest: createHash('sha256').update(envelope.payload).digest('hex') };
  if (root.expiresAtMs <= nowMs) return refuse('trust-expired', `root version ${root.version}`);
  if (head.expiresAtMs <= nowMs) return refuse('trust-expired', `list version ${head.version}`);
  return checkHistory(head, log, state) ?? head;
}

function checkHistory(head: TrustHead, log: readonly string[], state: TrustState | null): TrustRefusal | null {
  if (head.log.size !== head.version - 1) {
    return refuse('trust-inconsistent', `version ${head.version} with a log of ${head.log.size}`);
  }
  if (log.length < head.log.size) return refuse('trust-missing', `a log of ${log.length}, not of ${head.log.size}`);
  if (logRoot(log, head.log.size) !== head.log.root) {
    return refuse('trust-inconsistent', 'the log does not give the signed root');
  }
  if (state === null) return null;
  if (head.version < state.version) {
    return refuse('trust-rollback', `version ${head.version}, and ${state.version} was accepted`);
  }
  if (head.version === state.version) {
    return head.digest === state.digest ? null : refuse('trust-split', `another list as version ${head.version}`);
  }
  if (logRoot(log, state.logSize) !== state.logRoot || log[state.version - 1] !== state.digest) {
    return refuse('trust-split', `version ${head.version} does not continue version ${state.version}`);
  }
  return null;
}

export function stateOf(head: TrustHead): TrustState {
  return { version: head.version, digest: head.digest, logSize: head.log.size, logRoot: head.log.root };
}

/** Root of the first `size` digests of a log, in hex. */
export function logRoot(log: readonly string[], size: number): string {
  return rootOf(log.slice(0, size).map((digest) => leafHash(Buffer.from(digest, 'hex')))).toString('hex');
}
