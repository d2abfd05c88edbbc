export { SCAN_FIELDS } from './scan-fields.ts';
