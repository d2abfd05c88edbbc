import type { FileFailure } from '../image-file.ts';
import type { ImageFailure } from '../picture.ts';
import type { FrameSize } from '../read-image.ts';

/** An image file to be read by a process of its own. */
export interface ImageOrder {
  readonly path: string;
  /** Of the file, where there is none on a disk here. */
  readonly bytes?: Uint8Array;
  /** The folder that the files must lie in, wherever links lead; not given, they may lie anywhere. */
  readonly within?: string;
  /** Further files with pictures of the same piece. */
  readonly others?: readonly string[];
  /** Where the file is a raw frame. */
  readonly frame?: FrameSize;
}

/** What a reading process was killed for, twice, at the same image. */
export type ProcessFailure = 'reader-timeout' | 'reader-failed';

/** What a process gives back: bytes only, since parsing again costs less than carrying the fields over. */
export type ImageAnswer = {
  readonly readMs: number;
  /** Of the processor, where it was read. */
  readonly processorMs?: number;
  /** What was seen, for people. */
  readonly note?: string;
} & (
  | { readonly bytes: Uint8Array; readonly symbology: string; readonly rung: string }
  | {
      readonly failure: ImageFailure | FileFailure | ProcessFailure | 'no-symbol';
      /** Readings that only a signature can confirm. */
      readonly candidates: readonly Uint8Array[];
    }
);
