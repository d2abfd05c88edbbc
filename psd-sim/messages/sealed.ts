import { createHash, type KeyObject } from 'node:crypto';
import { type Static, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { PrivateKey } from '../ecdsa.ts';
import { isSignedBy } from '../key-pair.ts';

/** A kind of message: its name, which is signed with it, and the check of its contents. */
export interface MessageKind<Body> {
  readonly type: string;
  readonly isBody: (value: unknown) => value is Body;
}

export function messageKind<Schema extends TSchema>(type: string, schema: Schema): MessageKind<Static<Schema>> {
  const validator = Compile(schema);
  return { type, isBody: (value): value is Static<Schema> => validator.Check(value) };
}

export type SealFailure = 'malformed' | 'bad-signature';

/** Bytes of one message; a countersigned license, the longest, has about 2,000. */
export const MESSAGE_BYTES_MAX = 16_384;

const Sealed = Compile(
  Type.Object(
    { type: Type.String(), body: Type.String(), signature: Type.String({ pattern: '^[A-Za-z0-9+/]{86}==$' }) },
    { additionalProperties: false },
  ),
);

/**
 * A signed message as text. The links 23 and 25 of WO 99/48053, Fig. 1, are not trusted, so everything that crosses
 * them is signed, type included: no message can be taken for one of another kind.
 */
export function seal<Body>(kind: MessageKind<Body>, body: Body, privateKey: PrivateKey): string {
  const text = JSON.stringify(body);
  const signature = privateKey.sign(signedBytes(kind.type, text)).toString('base64');
  return JSON.stringify({ type: kind.type, body: text, signature });
}

/** The contents, when they are of that kind and signed by one of the keys. */
export function unseal<Body>(
  kind: MessageKind<Body>,
  text: string,
  ...publicKeys: readonly KeyObject[]
): Body | SealFailure {
  const sealed = parseSealed(text);
  if (sealed === null || sealed.type !== kind.type) return 'malformed';
  const bytes = signedBytes(sealed.type, sealed.body);
  const signature = Buffer.from(sealed.signature, 'base64');
  if (!publicKeys.some((publicKey) => isSignedBy(bytes, signature, publicKey))) return 'bad-signature';
  return contentsOf(kind, text) ?? 'malformed';
}

/** The contents without a look at the signature: to learn whose key must have made it. */
export function contentsOf<Body>(kind: MessageKind<Body>, text: string): Body | null {
  const sealed = parseSealed(text);
  if (sealed === null || sealed.type !== kind.type) return null;
  const body = parseJson(sealed.body);
  return kind.isBody(body) ? body : null;
}

/** Name of the kind that a text claims to be of; null when it is not a message at all. */
export function typeOf(text: string): string | null {
  return parseSealed(text)?.type ?? null;
}

export function isSealFailure(value: unknown): value is SealFailure {
  return value === 'malformed' || value === 'bad-signature';
}

function parseSealed(text: string): Static<ReturnType<typeof Sealed.Type>> | null {
  if (text.length > MESSAGE_BYTES_MAX) return null;
  const value = parseJson(text);
  return Sealed.Check(value) ? value : null;
}

function signedBytes(type: string, body: string): Buffer {
  return Buffer.from(`${type}\n${body}`);
}

/** SHA-256 in hex: names a message in the answer to it. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Undefined when the text is not JSON: a link may have changed it. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
