import { createHash } from 'node:crypto';
import { join } from 'node:path';
import {
  PATCHED_FILE_BYTES_MAX,
  REGISTRY_FILE_BYTES_MAX,
  TRUST_HEAD_BYTES_MAX,
  TRUST_LOG_BYTES_MAX,
  TRUST_ROOTS_PER_PULL_MAX,
} from '../limits.ts';
import { readPlainFile } from '../plain-file.ts';
import {
  LIST_FILE,
  LOG_FILE,
  logLines,
  ROOT_FILE,
  readRoot,
  readState,
  STATE_FILE,
} from '../registry/registry-folder.ts';
import { isRefusal, refuse, type TrustRefusal } from './failures.ts';
import { differingRecords, isWholeText } from './file-integrity.ts';
import { applyPatches, parseIncrement } from './increment.ts';
import { acceptHead, type SignedFile, stateOf, type TrustHead, type TrustState } from './list.ts';
import { acceptNextRoot, hasOtherListKeys, type TrustRoot } from './root.ts';
import { claimStaging, type Staging } from './staging.ts';
import type { Upstream } from './upstream.ts';

export interface Pulled {
  readonly version: number;
  readonly rootVersion: number;
  /** How the records came: nothing was new, by the increment alone, or as files. */
  readonly how: 'current' | 'increment' | 'files';
  /** Files of the folder that were not what had been accepted, and are again; not there where there were none. */
  readonly mended?: readonly string[];
}

/**
 * Brings a registry folder up to date. The folder's own root is the anchor; a newer root is accepted step by step, each
 * signed by the one before. Everything is checked before the first file of the folder is touched, and the head is
 * replaced last: a reader of the folder in between finds digests that do not fit, and keeps what it had. Where nothing
 * is new, the files of the folder are held to what was accepted, and fetched again where they differ.
 *
 * @throws RegistryError when the folder has no usable root: without it nothing could be believed.
 */
export async function pullRegistry(upstream: Upstream, folder: string, nowMs: number): Promise<Pulled | TrustRefusal> {
  await readRoot(folder);
  const staging = await orUnwritable(claimStaging(folder, nowMs));
  if (isRefusal(staging)) return staging;
  try {
    return await pullInto(staging, upstream, folder, nowMs);
  } finally {
    await staging.leave();
  }
}

async function pullInto(
  staging: Staging,
  upstream: Upstream,
  folder: string,
  nowMs: number,
): Promise<Pulled | TrustRefusal> {
  const roots = await followRoots(await readRoot(folder), upstream);
  if (isRefusal(roots)) return roots;
  const { root, rootText, listKeysChanged } = roots;
  // New list keys end the reach of the holder of the old ones: also of a version number that these made too high.
  const state = listKeysChanged ? null : await readState(folder);

  const logText = await required(upstream, LOG_FILE, TRUST_LOG_BYTES_MAX);
  if (isRefusal(logText)) return logText;
  const headText = await required(upstream, LIST_FILE, TRUST_HEAD_BYTES_MAX);
  if (isRefusal(headText)) return headText;
  const head = acceptHead(headText.toString('utf8'), root, logLines(logText.toString('utf8')), state, nowMs);
  if (isRefusal(head)) return head;

  const signed: [string, Buffer][] = [
    ...(rootText === null ? [] : [[ROOT_FILE, rootText] satisfies [string, Buffer]]),
    [LOG_FILE, logText],
    [LIST_FILE, headText],
    [STATE_FILE, Buffer.from(JSON.stringify(stateOf(head)))],
  ];
  const versions = { version: head.version, rootVersion: root.version };
  if (state?.version !== head.version) {
    const fetched = await fetchFiles(upstream, folder, head, state);
    if (isRefusal(fetched)) return fetched;
    const unwritable = await orUnwritable(staging.replace([...fetched.files, ...signed]));
    return unwritable ?? { ...versions, how: fetched.how };
  }
  const mended = await mendFiles(upstream, folder, head, signed);
  if (isRefusal(mended)) return mended;
  const unwritable = mended.length === 0 ? undefined : await orUnwritable(staging.replace(mended));
  if (unwritable !== undefined) return unwritable;
  // With a new root come new signatures of the same list.
  const isNew = (name: string) => rootText !== null && (name === ROOT_FILE || name === LIST_FILE);
  const names = mended.map(([name]) => name).filter((name) => !isNew(name));
  return names.length === 0 ? { ...versions, how: 'current' } : { ...versions, how: 'files', mended: names };
}

/** What of the folder is not as it was accepted, as it must be: records by their digests, the signed parts as they came. */
async function mendFiles(
  upstream: Upstream,
  folder: string,
  head: TrustHead,
  signed: readonly [string, Buffer][],
): Promise<[string, Buffer][] | TrustRefusal> {
  const files: [string, Buffer][] = [];
  for (const [name, file] of await differingRecords(folder, head)) {
    const bytes = await signedBytesOf(upstream, name, file);
    if (isRefusal(bytes)) {
      return refuse(
        bytes.failure,
        `${join(folder, name)} is not what was accepted, and is not mended: ${bytes.detail}`,
      );
    }
    files.push([name, bytes]);
  }
  for (const [name, bytes] of signed) if (!(await isWholeText(join(folder, name), bytes))) files.push([name, bytes]);
  return files;
}

/** What a file system refuses, such as a folder of somebody else or a full disk, is an outcome of a pull. */
async function orUnwritable<Result>(work: Promise<Result>): Promise<Result | TrustRefusal> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return refuse('trust-unwritable', error.message);
    throw error;
  }
}

async function followRoots(
  anchor: TrustRoot,
  upstream: Upstream,
): Promise<{ root: TrustRoot; rootText: Buffer | null; listKeysChanged: boolean } | TrustRefusal> {
  let root = anchor;
  let rootText: Buffer | null = null;
  for (let steps = 0; steps < TRUST_ROOTS_PER_PULL_MAX; steps++) {
    const text = await upstream.read(`roots/${root.version + 1}.json`, TRUST_HEAD_BYTES_MAX);
    if (text === null) return { root, rootText, listKeysChanged: hasOtherListKeys(anchor, root) };
    if (isRefusal(text)) return text;
    const next = acceptNextRoot(root, text.toString('utf8'));
    if (isRefusal(next)) return next;
    root = next;
    rootText = text;
  }
  return refuse('trust-too-large', `more than ${TRUST_ROOTS_PER_PULL_MAX} roots to follow`);
}

async function fetchFiles(upstream: Upstream, folder: string, head: TrustHead, state: TrustState | null) {
  if (head.increment !== null && state !== null && state.version === head.version - 1) {
    const patched = await patchFiles(upstream, folder, head, head.increment);
    if (patched !== null) return { files: patched, how: 'increment' as const };
  }
  const files: [string, Buffer][] = [];
  for (const [name, file] of Object.entries(head.files)) {
    const bytes = await signedBytesOf(upstream, name, file);
    if (isRefusal(bytes)) return bytes;
    files.push([name, bytes]);
  }
  return { files, how: 'files' as const };
}

/** Null when the increment does not lead to what was signed: then all files are fetched instead. */
async function patchFiles(
  upstream: Upstream,
  folder: string,
  head: TrustHead,
  increment: SignedFile,
): Promise<[string, Buffer][] | null> {
  const sizes = [increment, ...Object.values(head.files)].map(({ bytes }) => bytes);
  if (Math.max(...sizes) > PATCHED_FILE_BYTES_MAX) return null;
  const bytes = await signedBytesOf(upstream, `increments/${head.version}.ndjson`, increment);
  const patches = isRefusal(bytes) ? bytes : parseIncrement(bytes.toString('utf8'));
  if (isRefusal(patches)) return null;
  const files: [string, Buffer][] = [];
  for (const [name, file] of Object.entries(head.files)) {
    const old = await readPlainFile(join(folder, name), PATCHED_FILE_BYTES_MAX);
    const text = Buffer.from(
      applyPatches(
        typeof old === 'string' ? '' : old.toString('utf8'),
        patches.filter((patch) => patch.file === name),
      ),
    );
    if (!fits(text, file)) return null;
    files.push([name, text]);
  }
  return files;
}

async function signedBytesOf(upstream: Upstream, name: string, file: SignedFile): Promise<Buffer | TrustRefusal> {
  const bytes = await required(upstream, name, Math.min(file.bytes, REGISTRY_FILE_BYTES_MAX));
  if (isRefusal(bytes)) return bytes;
  return fits(bytes, file) ? bytes : refuse('trust-inconsistent', `${name}: not the file that was signed`);
}

function fits(bytes: Buffer, file: SignedFile): boolean {
  return bytes.length === file.bytes && createHash('sha256').update(bytes).digest('hex') === file.sha256;
}

async function required(upstream: Upstream, name: string, bytesMax: number): Promise<Buffer | TrustRefusal> {
  return (await upstream.read(name, bytesMax)) ?? refuse('trust-missing', `${upstream.name} has no ${name}`);
}
