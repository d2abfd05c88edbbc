import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { strictJson } from '../../indicium/index.ts';
import { keyMaterial } from '../key-gate.ts';
import { checkSigners, openEnvelope, type Signers } from './envelope.ts';
import { isRefusal, refuse, type TrustRefusal } from './failures.ts';

export const ROOT_TYPE = 'application/vnd.indicia.trust-root+json';

const Role = Type.Object({
  keyIds: Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { minItems: 1, maxItems: 64 }),
  threshold: Type.Integer({ minimum: 1, maximum: 64 }),
});
const RootShape = Type.Object({
  version: Type.Integer({ minimum: 1 }),
  expiresAtMs: Type.Integer({ minimum: 0 }),
  keys: Type.Record(
    Type.String({ minLength: 1, maxLength: 200 }),
    Type.Object({
      suite: Type.Union([Type.Literal('ecdsa-p256-sha256'), Type.Literal('ed25519')]),
      spki: Type.String({ maxLength: 600 }),
    }),
  ),
  roles: Type.Object({ root: Role, list: Role }),
});
const validator = Compile(RootShape);

/** Who may sign the next root, and who may sign trust lists. Kept offline; changed rarely. */
export interface TrustRoot {
  readonly version: number;
  readonly expiresAtMs: number;
  readonly root: Signers;
  readonly list: Signers;
}

/** Reads a root and checks that it is signed as it asks for itself. Whether it is *our* root is another matter. */
export function openRoot(text: string): TrustRoot | TrustRefusal {
  const opened = openAny(text);
  if (isRefusal(opened)) return opened;
  return checkSigners(opened.envelope, opened.root.root) ?? opened.root;
}

/** Accepts the next root: one version on, signed by enough keys of the present root and of its own. */
export function acceptNextRoot(present: TrustRoot, text: string): TrustRoot | TrustRefusal {
  const opened = openAny(text);
  if (isRefusal(opened)) return opened;
  const { root, envelope } = opened;
  if (root.version !== present.version + 1) {
    return refuse('trust-rollback', `root version ${root.version} does not follow ${present.version}`);
  }
  return checkSigners(envelope, present.root) ?? checkSigners(envelope, root.root) ?? root;
}

/** Whether the keys that sign lists were replaced: then an attacker's version numbers no longer count. */
export function hasOtherListKeys(a: TrustRoot, b: TrustRoot): boolean {
  const fingerprint = ({ list }: TrustRoot) => {
    return [...list.keys]
      .map(([id, key]) => `${id} ${Buffer.from(key.spki).toString('hex')}`)
      .toSorted()
      .join();
  };
  return fingerprint(a) !== fingerprint(b);
}

function openAny(text: string) {
  const envelope = openEnvelope(text, ROOT_TYPE);
  if (isRefusal(envelope)) return envelope;
  const read = strictJson(envelope.payload.toString('utf8'));
  if ('problem' in read) return refuse('trust-malformed', `the root: ${read.problem}`);
  const { value } = read;
  if (!validator.Check(value)) return refuse('trust-malformed', 'the root lacks a field or has a wrong one');
  const root = signersOf(value, 'root');
  if (isRefusal(root)) return root;
  const list = signersOf(value, 'list');
  if (isRefusal(list)) return list;
  const { version, expiresAtMs } = value;
  return { envelope, root: { version, expiresAtMs, root, list } };
}

function signersOf(value: Static<typeof RootShape>, role: 'root' | 'list'): Signers | TrustRefusal {
  const { keyIds, threshold } = value.roles[role];
  const keys = new Map<string, { suite: 'ecdsa-p256-sha256' | 'ed25519'; spki: Buffer }>();
  const material = new Set<string>();
  for (const keyId of keyIds) {
    const key = value.keys[keyId];
    const spki = Buffer.from(key?.spki ?? '', 'base64');
    if (key === undefined || keyMaterial(key.suite, spki) === null) {
      return refuse('trust-malformed', `key ${keyId} of role ${role} is missing or not a canonical key`);
    }
    keys.set(keyId, { suite: key.suite, spki });
    material.add(spki.toString('hex'));
  }
  // One key under two names would count twice.
  if (material.size !== keyIds.length) return refuse('trust-malformed', `role ${role} names a key twice`);
  if (threshold > material.size) return refuse('trust-malformed', `role ${role} needs more signers than it has`);
  return { threshold, keys };
}
