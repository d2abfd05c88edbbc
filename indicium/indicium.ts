import type { SuiteName } from './layout.ts';
import type { ReasonCode } from './reasons.ts';

/**
 * A parsed mark. Registers and postage are integer mills (below 2^48, so exact in a number); the piece count is a
 * bigint because it may pass 2^53.
 */
export interface Indicium {
  readonly version: number;
  readonly suite: SuiteName;
  /** Certificate serial of the key that belongs to this PSD and this license. */
  readonly keyId: number;
  readonly license: number;
  /** `MM-mm-serial`: manufacturer, model and serial number, e.g. `06-2S-7358267`. */
  readonly psd: string;
  readonly epoch: number;
  readonly pieceCount: bigint;
  readonly ascendingMills: number;
  /** Null in countries without a descending register. */
  readonly descendingMills: number | null;
  readonly postageMills: number;
  readonly rateCategory: number;
  readonly printedAtMs: number;
  readonly depositPostcode: string;
  readonly destinationPostcode: string | null;
  /** The bytes that were scanned and signed: a view of the payload, never a re-encoding. */
  readonly signedBytes: Uint8Array;
  readonly signature: Uint8Array;
}

/** Why bytes are not an indicium of a version known here. */
type ParseFailure = Extract<
  ReasonCode,
  | 'payload-empty'
  | 'payload-too-long'
  | 'unknown-version'
  | 'unknown-suite'
  | 'bad-length'
  | 'reserved-bits'
  | 'out-of-range'
  | 'bad-psd'
  | 'bad-postcode'
  | 'bad-date'
>;

export type Parsed = { readonly indicium: Indicium } | { readonly failure: ParseFailure };
