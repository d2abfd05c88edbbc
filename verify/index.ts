export type {
  FundsRecord,
  GrantRecord,
  KeyRecord,
  LicenseRecord,
  PlantRecord,
  PsdRecord,
  RateRecord,
  RefundRecord,
  WithdrawalRecord,
} from '../indicium/index.ts';
export { type Audit, auditRegistry } from './audit.ts';
export { authenticate, genuineAmong, NO_TIMES, type ScanTimes, signerOf } from './authenticate.ts';
export { grantedLicenses } from './authorization.ts';
export { type Check, checksOf } from './checks.ts';
export { KeyRing } from './key-ring.ts';
export type { KeyTable } from './key-table.ts';
export { readPlantZones } from './plant-zones.ts';
export { RegistryError } from './record-file.ts';
export type { PlantZones, Registry } from './registry.ts';
export { loadRecords, loadRegistry, openTrustedFolder, type TrustedFolder } from './registry-folder.ts';
export { verifySignature } from './signature.ts';
export { isRefusal, TRUST_FAILURES, type TrustFailure, type TrustRefusal } from './trust/failures.ts';
export { type Pulled, pullRegistry } from './trust/pull.ts';
export { openUpstream } from './trust/upstream.ts';
