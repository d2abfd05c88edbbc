import type { FieldKindName } from './field-kinds.ts';

/** A field of the mark of a real post, at its place in the bytes. */
export interface MarkField {
  readonly offset: number;
  /** `rest`: all that follows, maybe nothing. Only the last field has this. */
  readonly bytes: number | 'rest';
  readonly kind: FieldKindName;
  readonly meaning: string;
  /** Not seen in any dump whose contents are known: the name may be wrong. */
  readonly isUnconfirmed?: true;
}

/** What follows from the bytes and does not stand in them. */
interface DerivedField {
  readonly meaning: string;
  /** Null where this mark has none. */
  readonly of: (bytes: Buffer) => string | null;
  readonly isUnconfirmed?: true;
}

/** A number of bytes, or the smallest and the largest. */
export type Length = number | readonly [min: number, max: number];

/**
 * The mark of a real post as far as its layout is public: one file each, from which parser, docs/MARKS.md and tests are
 * made. Nobody here has a key of such a post, so that a profile says what a mark states and never whether that is true.
 */
export interface Profile {
  readonly name: string;
  readonly post: string;
  /** The kind of mark among those of the post, in a word or two. */
  readonly kind: string;
  /** Where the bytes say more of the kind than `kind` does. */
  readonly kindOf?: (bytes: Buffer) => string;
  /** What the bytes begin with; empty where nothing is fixed. */
  readonly prefix: Uint8Array;
  readonly lengths: readonly Length[];
  /** What must hold beside prefix and length. Only called for bytes that have both. */
  readonly fits?: (bytes: Buffer) => boolean;
  /** What the layout rests on, for docs/MARKS.md. */
  readonly evidence: string;
  /** All of its fields are unconfirmed. */
  readonly isUnconfirmed?: true;
  readonly fields: Readonly<Record<string, MarkField>>;
  readonly derived?: Readonly<Record<string, DerivedField>>;
}
