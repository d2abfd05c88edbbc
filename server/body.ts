import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { ProblemError } from '../api/index.ts';
import { GatheredBytes } from '../scans/index.ts';
import { SharedRoom } from '../sharing/index.ts';
import { BODIES_BYTES_MAX, BUSY_RETRY_SECONDS, REQUEST_MS_MAX } from './limits.ts';

/** Bytes that one client may have on their way in: those that came, not those that were promised. */
export interface BodyShare {
  readonly take: (bytes: number) => boolean;
  readonly release: (bytes: number) => void;
}

/** Bytes of all bodies that are on their way in. */
export class BodyBudget {
  readonly #room = new SharedRoom(BODIES_BYTES_MAX);

  shareOf(client: string): BodyShare {
    return {
      take: (bytes) => this.#room.take(client, bytes),
      release: (bytes) => this.#room.release(client, bytes),
    };
  }
}

/**
 * The whole body of a request; null when its sender went away before its end.
 *
 * @throws ProblemError when it is too large, takes too long or comes while too many others of its client do.
 */
export function readBody(
  request: Readable & { readonly headers: IncomingHttpHeaders },
  bytesMax: number,
  share: BodyShare,
): Promise<Buffer | null> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | null>();
  const gathered = new GatheredBytes();
  const end = (settle: () => void) => {
    clearTimeout(timer);
    share.release(gathered.length);
    gathered.clear();
    request.removeAllListeners('data');
    settle();
  };
  const refuse = (error: ProblemError) => end(() => reject(error));
  const timer = setTimeout(() => {
    refuse(new ProblemError('timeout', `the request was not whole after ${REQUEST_MS_MAX / 1_000} s`));
  }, REQUEST_MS_MAX);
  const tooLarge = () => new ProblemError('body-too-large', `the body has more than ${bytesMax} bytes`);
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) {
    refuse(tooLarge());
    return promise;
  }
  request.on('data', (chunk: Buffer) => {
    if (gathered.length + chunk.length > bytesMax) return refuse(tooLarge());
    if (!share.take(chunk.length)) {
      const detail = 'more of your bodies are on their way in than memory is set aside for';
      return refuse(new ProblemError('too-busy', detail, undefined, BUSY_RETRY_SECONDS));
    }
    gathered.add(chunk);
  });
  request.on('end', () => {
    const bytes = gathered.length;
    const whole = gathered.take();
    share.release(bytes);
    end(() => resolve(whole));
  });
  request.on('close', () => end(() => resolve(null)));
  request.on('error', () => end(() => resolve(null)));
  return promise;
}
