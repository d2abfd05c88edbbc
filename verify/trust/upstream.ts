import { join } from 'node:path';
import { FILE_FAULTS } from '../../indicium/index.ts';
import { PULL_MS_MAX, PULL_SILENCE_MS_MAX } from '../limits.ts';
import { readPlainFile } from '../plain-file.ts';
import { RegistryError } from '../registry-error.ts';
import { refuse, type TrustRefusal } from './failures.ts';

/** Where registries are published: a folder, or the same files behind HTTP. Nothing it gives is believed unsigned. */
export interface Upstream {
  readonly name: string;
  /** The bytes of a file; null where there is none; a refusal when it is longer than allowed, or cannot be had. */
  read(file: string, bytesMax: number): Promise<Buffer | TrustRefusal | null>;
}

/** How long an upstream may take. Milliseconds. */
interface UpstreamLimits {
  /** From when it is opened, for all of its files. */
  readonly pullMsMax: number;
  /** Without a byte. */
  readonly silenceMsMax: number;
}

const LIMITS: UpstreamLimits = { pullMsMax: PULL_MS_MAX, silenceMsMax: PULL_SILENCE_MS_MAX };

/** @throws RegistryError for a malformed address. */
export function openUpstream(from: string, limits: UpstreamLimits = LIMITS): Upstream {
  return /^https?:/i.test(from) ? httpUpstream(from, limits) : folderUpstream(from);
}

function folderUpstream(folder: string): Upstream {
  return {
    name: folder,
    async read(file, bytesMax) {
      const bytes = await readPlainFile(join(folder, file), bytesMax);
      if (bytes === 'absent') return null;
      if (bytes === 'too-long') return tooLarge(file, bytesMax);
      return typeof bytes === 'string' ? refuse('trust-unreachable', `${file}: ${FILE_FAULTS[bytes]}`) : bytes;
    },
  };
}

function httpUpstream(from: string, limits: UpstreamLimits): Upstream {
  const base = baseOf(from);
  const over = AbortSignal.timeout(limits.pullMsMax);
  return {
    name: from,
    async read(file, bytesMax) {
      const silence = new Silence(limits.silenceMsMax);
      const signal = AbortSignal.any([over, silence.signal]);
      try {
        // A pull asks only the host that the person named.
        const response = await fetch(new URL(file, base), { signal, redirect: 'manual' });
        const { status, body } = response;
        if (status === 200 && body !== null) return await collect(body, file, bytesMax, () => silence.end());
        await body?.cancel();
        return status === 404 ? null : refuse('trust-unreachable', `${file}: ${answerOf(status)}`);
      } catch (error) {
        return refuse('trust-unreachable', `${file}: ${causeOf(error, over, silence.signal, limits)}`);
      } finally {
        silence.close();
      }
    },
  };
}

/** `fetch` takes no address with a user and password; a query would be lost on the way to the files below. */
function baseOf(from: string): URL {
  const base = URL.parse(from.endsWith('/') ? from : `${from}/`);
  const isPlain =
    base !== null && base.username === '' && base.password === '' && base.search === '' && base.hash === '';
  if (!isPlain)
    throw new RegistryError(`${from}: not the address of a folder: expected https://HOST/PATH and nothing else`);
  return base;
}

/** Aborts when nothing has come for so long. */
class Silence {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(ms: number) {
    this.#timer = setTimeout(() => this.#controller.abort(), ms);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something came: it begins anew. */
  end(): void {
    this.#timer.refresh();
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}

function answerOf(status: number): string {
  return status >= 300 && status < 400 ? `status ${status}, a redirect, which is not followed` : `status ${status}`;
}

/** @throws an error that does not come from the network. */
function causeOf(error: unknown, over: AbortSignal, silent: AbortSignal, limits: UpstreamLimits): string {
  if (over.aborted) return `time-out: the pull took longer than ${limits.pullMsMax} ms`;
  if (silent.aborted) return `time-out: nothing came for ${limits.silenceMsMax} ms`;
  // Of a broken connection the cause tells; a body that cannot be decompressed has a code of its own.
  const cause = error instanceof TypeError && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  if (cause instanceof Error && cause !== error) return cause.message;
  throw error;
}

/** Stops at the limit, however much more there is. */
async function collect(
  chunks: AsyncIterable<Uint8Array>,
  file: string,
  bytesMax: number,
  onChunk: () => void,
): Promise<Buffer | TrustRefusal> {
  const kept: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    onChunk();
    bytes += chunk.length;
    if (bytes > bytesMax) return tooLarge(file, bytesMax);
    kept.push(chunk);
  }
  return Buffer.concat(kept);
}

function tooLarge(file: string, bytesMax: number): TrustRefusal {
  return refuse('trust-too-large', `${file}: more than ${bytesMax} bytes`);
}
