export { type Pulled, pullRegistry } from '../trust/pull.ts';
export { openUpstream } from '../trust/upstream.ts';
export { loadRecords, loadRegistry, openTrustedFolder, type TrustedFolder } from './registry-folder.ts';
