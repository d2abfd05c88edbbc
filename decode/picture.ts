import type { GreyImage } from './symbol-reader.ts';

export type ImageFailure = 'image-too-large' | 'image-unsupported' | 'image-corrupt';

/** Pixels of a rectangle. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * What is seen as grey: the usual one shows black, blue and red inks as dark; on the red channel green and blue inks are
 * darkest, on the blue one yellow inks are, and red paper is bright there on neither.
 */
export type Channel = 'usual' | 'red' | 'blue';

/** A picture whose size is known and whose pixels are made when they are asked for: of most faces a part is enough. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  grey(region: Region, channel?: Channel): Promise<GreyImage | ImageFailure>;
  /** Whether its channels differ anywhere: where they do not, another channel shows nothing else. */
  hasColor(): Promise<boolean>;
}

/** Several pictures in one file. */
export interface Pages {
  /** Those that are looked at, in their order; or why one cannot be. */
  readonly pages: readonly (Picture | ImageFailure)[];
  /** All that the file says it has. */
  readonly total: number;
}
