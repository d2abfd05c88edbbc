import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { excerpt, hasBase64Letters, type SuiteName, strictJson } from '../../indicium/index.ts';
import { SIGNATURE_CHARS_MAX, TRUST_HEAD_BYTES_MAX } from '../limits.ts';
import { verifySignature } from '../signature.ts';
import { refuse, type TrustRefusal } from './failures.ts';

/** Who may sign, and how many of them must. */
export interface Signers {
  readonly threshold: number;
  readonly keys: ReadonlyMap<string, { readonly suite: SuiteName; readonly spki: Uint8Array }>;
}

/** A signed document: its exact bytes, and who claims to have signed them. */
export interface Envelope {
  readonly payload: Buffer;
  readonly payloadType: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

const base64 = (maxLength: number) => Type.Refine(Type.String({ maxLength }), hasBase64Letters, () => 'is not base64');
const EnvelopeShape = Compile(
  Type.Object({
    payloadType: Type.String({ maxLength: 200 }),
    payload: base64(TRUST_HEAD_BYTES_MAX),
    signatures: Type.Array(Type.Object({ keyid: Type.String({ maxLength: 200 }), sig: base64(SIGNATURE_CHARS_MAX) }), {
      maxItems: 64,
    }),
  }),
);

/** Reads a DSSE envelope (Dead Simple Signing Envelope, version 1) of the given type. */
export function openEnvelope(text: string, payloadType: string): Envelope | TrustRefusal {
  const read = strictJson(text);
  if ('problem' in read) return refuse('trust-malformed', read.problem);
  const { value } = read;
  if (!EnvelopeShape.Check(value)) return refuse('trust-malformed', 'not a DSSE envelope');
  if (value.payloadType !== payloadType) {
    return refuse(
      'trust-malformed',
      `a document of type ${excerpt(value.payloadType)} where ${payloadType} is expected`,
    );
  }
  return { payloadType, payload: Buffer.from(value.payload, 'base64'), signatures: value.signatures };
}

/** What is signed: type and payload with their lengths, so that neither can be taken for the other (DSSE's PAE). */
export function signedBytes(payloadType: string, payload: Uint8Array): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

/** Null when enough different keys have signed; a key counts once however often it stands there. */
export function checkSigners(envelope: Envelope, signers: Signers): TrustRefusal | null {
  const message = signedBytes(envelope.payloadType, envelope.payload);
  const valid = new Set<string>();
  for (const { keyid, sig } of envelope.signatures) {
    const key = signers.keys.get(keyid);
    if (key === undefined || valid.has(keyid)) continue;
    if (verifySignature(key.suite, key.spki, message, Buffer.from(sig, 'base64'))) valid.add(keyid);
  }
  if (valid.size >= signers.threshold) return null;
  return refuse('trust-unsigned', `${valid.size} valid signatures of ${signers.threshold} needed`);
}
