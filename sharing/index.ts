export { ActiveClients } from './active-clients.ts';
export { FairClock } from './fair-clock.ts';
export { FairQueue } from './fair-queue.ts';
export { SharedRoom } from './shared-room.ts';
export { WakeUp } from './wake-up.ts';
