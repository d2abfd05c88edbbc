export { StageServer, type StageServerPorts } from './stage-server.ts';
