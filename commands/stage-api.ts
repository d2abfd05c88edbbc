import { isIP } from 'node:net';
import { EXPORTED_VIEWS } from '../analytics/index.ts';
import { SourceError } from '../scans/index.ts';
import { openTokens, StageServer, type StageServerPorts } from '../server/index.ts';
import { connectionLimitsOf, type ListenerFlags } from './listener-flags.ts';
import { print, printJson, type Terminal, warn } from './terminal.ts';

interface ApiOptions extends ListenerFlags {
  readonly apiPort?: number | undefined;
  readonly apiHost: string;
  readonly tokens?: string | undefined;
  readonly stage: string;
  readonly json?: boolean | undefined;
}

/**
 * Opens the API of a member of a stage, if it is to have one.
 *
 * @throws SourceError where everybody on a network could ask; TokenFileError
 */
export async function openStageApi(
  { apiPort, apiHost, tokens, stage, json = false, ...flags }: ApiOptions,
  ports: Pick<StageServerPorts, 'counters' | 'totals' | 'ignored' | 'unchecked' | 'stores'>,
  terminal: Terminal,
): Promise<StageServer | null> {
  if (apiPort === undefined) return null;
  if (tokens === undefined && !isLoopback(apiHost)) {
    throw new SourceError(`--api-host ${apiHost}: who may ask? Without --tokens FILE only this machine`);
  }
  const server = new StageServer({
    ...ports,
    views: EXPORTED_VIEWS,
    hostNames: flags.hostName,
    limits: connectionLimitsOf(flags),
    access: tokens === undefined ? null : openTokens(tokens, { nowMs: terminal.nowMs }),
    onFailed: (error) => warn(terminal, `indicia: the API failed: ${error.stack ?? error.message}`),
  });
  const { address, port, family } = await server.listen(apiHost, apiPort);
  const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  await (json ? printJson(terminal, { type: 'api', stage, url }) : print(terminal, `indicia run: API on ${url}\n`));
  return server;
}

/** Whether an address is of this machine alone. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
