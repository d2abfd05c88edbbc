export { type Audit, auditRegistry } from './audit.ts';
