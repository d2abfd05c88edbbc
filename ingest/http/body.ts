import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { GatheredBytes } from '../gathered-bytes.ts';
import { BODIES_BYTES_MAX, BUSY_RETRY_SECONDS, REQUEST_MS_MAX } from './limits.ts';
import { ProblemError } from './problems.ts';

/** Bytes of all bodies that are on their way in: those that came, not those that were promised. */
export class BodyBudget {
  #bytes = 0;

  take(bytes: number): boolean {
    if (this.#bytes + bytes > BODIES_BYTES_MAX) return false;
    this.#bytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/**
 * The whole body of a request; null when its sender went away before its end.
 *
 * @throws ProblemError when it is too large, takes too long or comes while too many others do.
 */
export function readBody(
  request: Readable & { readonly headers: IncomingHttpHeaders },
  bytesMax: number,
  budget: BodyBudget,
): Promise<Buffer | null> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | null>();
  const gathered = new GatheredBytes();
  const end = (settle: () => void) => {
    clearTimeout(timer);
    budget.release(gathered.length);
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
    if (!budget.take(chunk.length)) {
      const detail = 'more bodies are on their way in than memory is set aside for';
      return refuse(new ProblemError('too-busy', detail, undefined, BUSY_RETRY_SECONDS));
    }
    gathered.add(chunk);
  });
  request.on('end', () => {
    const bytes = gathered.length;
    const whole = gathered.take();
    budget.release(bytes);
    end(() => resolve(whole));
  });
  request.on('close', () => end(() => resolve(null)));
  request.on('error', () => end(() => resolve(null)));
  return promise;
}
