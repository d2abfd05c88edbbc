export { Metrics } from '../metrics.ts';
export { openApi } from './openapi/openapi.ts';
export { SorterServer } from './server.ts';
export type { EntryOptions } from './server-ports.ts';
export { stopTimeout } from './stop-timeout.ts';
export { VerdictDispatcher } from './verdict-dispatcher.ts';
