import { FIELD_KINDS, type FieldKind } from './field-kinds.ts';
import type { Length, Profile } from './profile.ts';
import { PROFILES } from './profiles.ts';

/** The mark of a real post as its profile reads it. What it states is nowhere checked: no key is known. */
export interface ForeignMark {
  readonly profile: string;
  readonly post: string;
  readonly kind: string;
  /** In the order of the bytes; then what follows from them. Text is as scanned where it is printable ASCII, else hex. */
  readonly fields: Readonly<Record<string, string | number>>;
  /** Names of fields whose meaning no dump confirms. */
  readonly unconfirmed: readonly string[];
}

/** Fields of a foreign mark as JSON shows them: which mark it is, then what it states. */
export type ForeignFields = Readonly<Record<string, string | number | readonly string[]>>;

/** The mark of another post, or null where no profile fits. */
export function parseForeignMark(payload: Uint8Array): ForeignMark | null {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const profile = profileOf(bytes);
  return profile === null ? null : readMark(profile, bytes);
}

/** The post and the kind of a foreign mark in a few words, such as `Deutsche Post, stamp`; null where no profile fits. */
export function foreignNote(payload: Uint8Array): string | null {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const profile = profileOf(bytes);
  return profile === null ? null : `${profile.post}, ${kindOf(profile, bytes)}`;
}

export function foreignFields({ profile, post, kind, fields, unconfirmed }: ForeignMark): ForeignFields {
  return { profile, post, kind, ...fields, unconfirmed };
}

function profileOf(bytes: Buffer): Profile | null {
  return PROFILES.find((profile) => isOf(profile, bytes)) ?? null;
}

function isOf({ prefix, lengths, fits }: Profile, bytes: Buffer): boolean {
  for (let i = 0; i < prefix.length; i++) if (bytes[i] !== prefix[i]) return false;
  return lengths.some((length) => hasLength(bytes.length, length)) && (fits === undefined || fits(bytes));
}

function hasLength(bytes: number, length: Length): boolean {
  return typeof length === 'number' ? bytes === length : bytes >= length[0] && bytes <= length[1];
}

function kindOf(profile: Profile, bytes: Buffer): string {
  return profile.kindOf?.(bytes) ?? profile.kind;
}

function readMark(profile: Profile, bytes: Buffer): ForeignMark {
  const fields: Record<string, string | number> = {};
  const unconfirmed: string[] = [];
  const show = (name: string, value: string | number | null, isUnconfirmed: true | undefined): void => {
    if (value === null) return;
    fields[name] = value;
    if (profile.isUnconfirmed || isUnconfirmed) unconfirmed.push(name);
  };
  for (const [name, field] of Object.entries(profile.fields)) {
    const end = field.bytes === 'rest' ? bytes.length : field.offset + field.bytes;
    if (end === field.offset) continue;
    const { suffixes, read }: FieldKind = FIELD_KINDS[field.kind];
    for (const [place, value] of read(bytes.subarray(field.offset, end)).entries()) {
      show(`${name}${suffixes[place]}`, value, field.isUnconfirmed);
    }
  }
  for (const [name, { of, isUnconfirmed }] of Object.entries(profile.derived ?? {})) {
    show(name, of(bytes), isUnconfirmed);
  }
  return { profile: profile.name, post: profile.post, kind: kindOf(profile, bytes), fields, unconfirmed };
}
