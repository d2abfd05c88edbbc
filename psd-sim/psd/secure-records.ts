import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { ROLES, type Role } from '../messages/kinds.ts';

/** Identity as a mark names it (WO 99/48053: the unique identifier of a PSD). */
export interface PsdIdentity {
  readonly manufacturer: string;
  readonly model: string;
  readonly serial: number;
}

export function psdName({ manufacturer, model, serial }: PsdIdentity): string {
  return `${manufacturer}-${model}-${serial}`;
}

/** Written once, in the factory. */
const Rom = Type.Object({
  identity: Type.Object({ manufacturer: Type.String(), model: Type.String(), serial: Type.Integer() }),
  /** Seed of the key pair with which the device signs its messages. */
  deviceSeed: Type.String(),
  /** AES-256 key for register sets on the nonsecure store. */
  storageKey: Type.String(),
  registerSets: Type.Integer(),
});
export type Rom = Static<typeof Rom>;

/** Public keys of the offices, the newest first; `number` rises with each replacement. */
const Anchors = Type.Object(
  Object.fromEntries(
    ROLES.map((role) => [role, Type.Object({ number: Type.Integer(), spkis: Type.Array(Type.String()) })]),
  ),
);
export type Anchors = Record<Role, { readonly number: number; readonly spkis: readonly string[] }>;

const Tombstone = Type.Object({
  license: Type.Integer(),
  epoch: Type.Integer(),
  handle: Type.String(),
});
/** What stays of a register set that is on the nonsecure store. */
export type Tombstone = Static<typeof Tombstone>;

const romCheck = Compile(Rom);
const anchorsCheck = Compile(Anchors);
const tombstoneCheck = Compile(Tombstone);

export function parseRom(bytes: Buffer | null): Rom {
  return checked(romCheck, bytes);
}

export function parseTombstone(bytes: Buffer | null): Tombstone {
  return checked(tombstoneCheck, bytes);
}

export function parseAnchors(bytes: Buffer | null): Anchors {
  const found = checked(anchorsCheck, bytes);
  const { manufacturer, authority, certifier } = found;
  if (manufacturer === undefined || authority === undefined || certifier === undefined) throw damaged();
  return { manufacturer, authority, certifier };
}

/** Within the housing only whole records are met: anything else is a defect of the simulator. */
function checked<Value>(validator: { Check(value: unknown): value is Value }, bytes: Buffer | null): Value {
  const value: unknown = bytes === null ? undefined : JSON.parse(bytes.toString());
  if (!validator.Check(value)) throw damaged();
  return value;
}

function damaged(): Error {
  return new Error('the memory of the PSD is damaged');
}
