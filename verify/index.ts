export { authenticate, type Check, checksOf } from './authenticate.ts';
export { KeyRing } from './key-ring.ts';
export type { FundsRecord, GrantRecord, KeyRecord, LicenseRecord, PsdRecord, Registry } from './registry.ts';
export { loadRegistry, RegistryError } from './registry-folder.ts';
export { verifySignature } from './signature.ts';
