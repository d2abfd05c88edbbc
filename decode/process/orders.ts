import type { FileFailure } from '../image-file.ts';
import type { ReadOutcome } from '../read-image.ts';

/** An image file to be read by a process of its own. */
export interface ImageOrder {
  readonly path: string;
}

/** What a reading process was killed for, twice, at the same image. */
export type ProcessFailure = 'reader-timeout' | 'reader-failed';

/** What a process gives back: bytes only, since parsing again costs less than carrying the fields over. */
export type ImageAnswer =
  | { readonly bytes: Uint8Array; readonly symbology: string; readonly rung: string; readonly readMs: number }
  | { readonly failure: FailureOf<ReadOutcome> | FileFailure | ProcessFailure; readonly readMs: number };

type FailureOf<Outcome> = Outcome extends { readonly failure: infer Failure } ? Failure : never;
