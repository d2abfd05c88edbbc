import { Busboy } from '@fastify/busboy';
import { IMAGE_BODY_BYTES_MAX, JSON_BODY_BYTES_MAX, MULTIPART_PARTS_MAX } from './limits.ts';
import { ProblemError } from './problems.ts';

export interface Part {
  readonly name: string;
  readonly bytes: Buffer;
}

/**
 * The parts of a multipart/form-data body that has come whole.
 *
 * @throws ProblemError where it is none, or is cut off.
 */
export function parseMultipart(body: Buffer, contentType: string): Promise<Part[]> {
  const { promise, resolve, reject } = Promise.withResolvers<Part[]>();
  const refuse = (error: unknown) => {
    const detail = error instanceof Error ? error.message : String(error);
    reject(new ProblemError('bad-request', `not multipart/form-data: ${detail}`));
  };
  const parts: Part[] = [];
  try {
    const parser = new Busboy({
      headers: { 'content-type': contentType },
      limits: {
        parts: MULTIPART_PARTS_MAX,
        fieldSize: JSON_BODY_BYTES_MAX,
        fileSize: IMAGE_BODY_BYTES_MAX,
      },
      // Files and fields alike: whether a client gives a part a file name says nothing.
      isPartAFile: () => true,
    });
    parser.on('file', (name, stream) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => parts.push({ name, bytes: Buffer.concat(chunks) }));
      stream.on('error', refuse);
    });
    parser.on('partsLimit', () => refuse(`more than ${MULTIPART_PARTS_MAX} parts`));
    parser.on('error', refuse);
    parser.on('finish', () => resolve(parts));
    parser.end(body);
  } catch (error) {
    refuse(error);
  }
  return promise;
}
