import { type Reading, signerNote } from '../reading.ts';
import type { Mark, Scan } from '../scan.ts';

/** What a row of a batch is made of. */
export interface ReadScan {
  readonly scan: Scan;
  readonly reading: Reading;
  /** When the post received the scan, by its own clock; null if unknown. */
  readonly receivedAtMs: number | null;
}

type Text = (row: ReadScan) => string | null;
type Whole = (row: ReadScan) => number | null;

/** UTF-8. */
const text = (of: Text) => ({ kind: 'text', of }) as const;
const bytes = (of: (row: ReadScan) => Uint8Array | null) => ({ kind: 'bytes', of }) as const;
/** Integers of 53 bits at most, of either sign, and of 64 bits. */
const int64 = (of: Whole) => ({ kind: 'int64', of }) as const;
const uint64 = (of: (row: ReadScan) => bigint | null) => ({ kind: 'uint64', of }) as const;
const int32 = (of: Whole) => ({ kind: 'int32', of }) as const;
const uint32 = (of: Whole) => ({ kind: 'uint32', of }) as const;

/**
 * What was read of a scan, a column each, with its kind and where its value comes from: `ReadingColumns`, its builder, the messages on
 * Kafka and the evidence of the store are made from this table. Times are ms, UTC. The order is that of messages and of the store:
 * what is new comes last, `sinceMessage` and `sinceStore` with the version that has it first. A sender is in no message, since
 * nobody is asked who produces to a topic.
 */
export const READING_FIELDS = {
  scanId: text(({ scan }) => scan.scanId),
  scanDigest: uint64(({ scan }) => scan.digest),
  plant: text(({ scan }) => scan.plant),
  machine: text(({ scan }) => scan.machine),
  scannedAtMs: int64(({ scan }) => scan.scannedAtMs),
  mailpieceId: text(({ scan }) => scan.mailpieceId),
  pass: text(({ scan }) => scan.pass),
  destination: { ...text(({ scan }) => scan.destination), storedAs: 'sorter_destination' },
  weightGrams: int32(({ scan }) => scan.weightGrams),
  /** Path of the image, where the scan has one. */
  image: text(({ scan }) => pictureOf(scan.mark)),
  /** For people: why a scan has no mark, who signed in another name, whose mark it is if no key is known, or what its image showed. */
  note: text(noteOf),
  extra: text(({ scan }) => scan.extra),
  payload: bytes(({ reading }) => reading.payload),
  symbology: text(({ reading }) => reading.symbology),
  trustVersion: int64(({ reading }) => reading.trustVersion),
  outcome: text(({ reading }) => reading.outcome),
  keyId: int64(({ reading }) => reading.indicium?.keyId ?? null),
  license: int64(({ reading }) => reading.indicium?.license ?? null),
  psd: text(({ reading }) => reading.indicium?.psd ?? null),
  epoch: uint32(({ reading }) => reading.indicium?.epoch ?? null),
  pieceCount: uint64(({ reading }) => reading.indicium?.pieceCount ?? null),
  ascendingMills: int64(({ reading }) => reading.indicium?.ascendingMills ?? null),
  descendingMills: int64(({ reading }) => reading.indicium?.descendingMills ?? null),
  postageMills: int64(({ reading }) => reading.indicium?.postageMills ?? null),
  rateCategory: int32(({ reading }) => reading.indicium?.rateCategory ?? null),
  printedAtMs: int64(({ reading }) => reading.indicium?.printedAtMs ?? null),
  depositPostcode: text(({ reading }) => reading.indicium?.depositPostcode ?? null),
  destinationPostcode: text(({ reading }) => reading.indicium?.destinationPostcode ?? null),
  /** Null where there is no indicium. */
  contentDigest: uint64(({ reading }) => (reading.indicium === null ? null : reading.contentDigest)),
  sender: { ...text(({ scan }) => scan.sender), sinceStore: 5, isInMessages: false },
  receivedAtMs: { ...int64(({ receivedAtMs }) => receivedAtMs), sinceStore: 6, sinceMessage: 2 },
} as const;

export type ReadingField = keyof typeof READING_FIELDS;
export type ReadingKind = (typeof READING_FIELDS)[ReadingField]['kind'];

/** An entry of the table, whichever. */
export type ReadingFieldSpec = {
  readonly storedAs?: string;
  readonly sinceStore?: number;
  readonly sinceMessage?: number;
  readonly isInMessages?: boolean;
} & (
  | { readonly kind: 'text'; readonly of: Text }
  | { readonly kind: 'bytes'; readonly of: (row: ReadScan) => Uint8Array | null }
  | { readonly kind: 'int64' | 'int32' | 'uint32'; readonly of: Whole }
  | { readonly kind: 'uint64'; readonly of: (row: ReadScan) => bigint | null }
);

/** In the order of the table. */
export const READING_FIELD_SPECS: readonly (readonly [name: string, spec: ReadingFieldSpec])[] =
  Object.entries(READING_FIELDS);

function pictureOf(mark: Mark): string | null {
  if (mark.kind === 'image') return mark.path;
  return mark.kind === 'payload' ? (mark.picture ?? null) : null;
}

function noteOf({ scan: { mark }, reading: { signer, note } }: ReadScan): string | null {
  if (signer !== undefined) return signerNote(signer);
  return mark.kind === 'none' ? mark.detail : (note ?? null);
}
