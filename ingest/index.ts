export { type DropOptions, type DropPorts, dropFolder } from './drop/drop-source.ts';
export { DEFAULT_NAME_PATTERN } from './drop/name-pattern.ts';
export { filesOfFolder } from './folder.ts';
export { openSource } from './open-source.ts';
