/** What a sorting machine hands over for one pass of one mailpiece. */
export interface Scan {
  /** Unique over all machines: machine, run and sequence number. A retry repeats it. */
  readonly scanId: string;
  readonly plant: string | null;
  readonly machine: string | null;
  readonly scannedAtMs: number | null;
  /** The time of a clock on the wall, `2026-11-20T10:03:00`, where the record told no zone: the registry may tell that of the plant. */
  readonly scannedAtLocal?: string;
  /** Identifies the physical piece (UPU S18 ID tag or the like) where the plant prints or reads one. */
  readonly mailpieceId: string | null;
  readonly pass: SortingPass | null;
  /** Destination as the sorter read it from the address block. */
  readonly destination: string | null;
  readonly weightGrams: number | null;
  readonly mark: Mark;
  /** Fields of the scan record that are unknown here, as JSON text; kept and passed on. */
  readonly extra: string | null;
  /** Id of the token or client certificate that brought the scan; null where its source says all that is known. */
  readonly sender: string | null;
  /** Digest of everything above but `extra` and `sender`: the same scan id with another digest is another scan. */
  readonly digest: bigint;
}

export const SORTING_PASSES = ['origin', 'transit', 'destination'] as const;
export type SortingPass = (typeof SORTING_PASSES)[number];

/** Where the mark of a scan is to be found, or why there is none to look for. */
export type Mark =
  | {
      readonly kind: 'payload';
      readonly payload: Uint8Array;
      /** Path of a picture of the piece, for people: the mark is read from the payload. */
      readonly picture?: string;
    }
  | {
      readonly kind: 'image';
      /** Of the file, or `sha256:` and its digest where its bytes came with the scan. */
      readonly path: string;
      readonly bytes?: Uint8Array;
      /** The folder that the files must lie in or below, wherever links lead; not there where their bytes came with the scan. */
      readonly within?: string;
      /** Where the file lies until it is moved to `path`, which is what evidence names. */
      readonly readFrom?: string;
      /** Further files with pictures of the same piece. */
      readonly others?: readonly string[];
      /** Where the file is a raw 8-bit grey frame, which does not say its size. */
      readonly frame?: { readonly width: number; readonly height: number };
    }
  | {
      readonly kind: 'none';
      readonly reason: ScanFailure;
      readonly detail: string;
      /** Stack of what this program threw at the scan, where it did. */
      readonly fault?: string;
    };

type ScanFailure = 'scan-malformed' | 'scan-incomplete' | 'image-refused' | 'payload-too-long' | 'reader-failed';
