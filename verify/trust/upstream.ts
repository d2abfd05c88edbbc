import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { refuse, type TrustRefusal } from './failures.ts';

/** Where registries are published: a folder, or the same files behind HTTP. Nothing it gives is believed unsigned. */
export interface Upstream {
  readonly name: string;
  /** The bytes of a file; null where there is none; a refusal when it is longer than allowed. */
  read(file: string, bytesMax: number): Promise<Buffer | TrustRefusal | null>;
}

export function openUpstream(from: string): Upstream {
  return /^https?:\/\//.test(from) ? httpUpstream(from) : folderUpstream(from);
}

function folderUpstream(folder: string): Upstream {
  return {
    name: folder,
    async read(file, bytesMax) {
      try {
        return await collect(createReadStream(join(folder, file)), file, bytesMax);
      } catch (error) {
        const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
        if (isAbsent) return null;
        throw error;
      }
    },
  };
}

const HTTP_TIMEOUT_MS = 60_000;

function httpUpstream(base: string): Upstream {
  return {
    name: base,
    async read(file, bytesMax) {
      const url = new URL(file, base.endsWith('/') ? base : `${base}/`);
      const response = await fetch(url, { signal: AbortSignal.timeout(HTTP_TIMEOUT_MS) });
      if (response.status === 404) return null;
      if (!response.ok || response.body === null) throw new Error(`${url}: ${response.status} ${response.statusText}`);
      return collect(response.body, file, bytesMax);
    },
  };
}

/** Stops at the limit, however much more there is. */
async function collect(
  chunks: AsyncIterable<Uint8Array>,
  file: string,
  bytesMax: number,
): Promise<Buffer | TrustRefusal> {
  const kept: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > bytesMax) return refuse('trust-too-large', `${file}: more than ${bytesMax} bytes`);
    kept.push(chunk);
  }
  return Buffer.concat(kept);
}
