import { isIP } from 'node:net';
import { EXPORTED_VIEWS } from '../../analytics/index.ts';
import { SourceError } from '../../scans/index.ts';
import { openTokens } from '../../server/index.ts';
import { StageServer, type StageServerPorts } from '../../server/stage/index.ts';
import type { StageApiOptions, StagePorts } from './stage-ports.ts';

/**
 * Opens the API of a member of a stage.
 *
 * @throws SourceError where everybody on a network could ask; TokenFileError
 */
export async function openStageApi(
  { host, port: asked, tokens, hostNames, limits }: StageApiOptions,
  measures: Pick<StageServerPorts, 'counters' | 'totals' | 'ignored' | 'unchecked' | 'lakes' | 'stores'>,
  ports: Pick<StagePorts, 'nowMs' | 'onNotice' | 'onApi'>,
): Promise<StageServer> {
  if (tokens === undefined && !isLoopback(host)) {
    throw new SourceError(`--api-host ${host}: give --tokens FILE; without it only this machine may ask`);
  }
  const server = new StageServer({
    ...measures,
    views: EXPORTED_VIEWS,
    hostNames,
    limits,
    access: tokens === undefined ? null : openTokens(tokens, { nowMs: ports.nowMs }),
    onFailed: (error) => ports.onNotice(`the API failed: ${error.stack ?? error.message}`),
  });
  const { address, port, family } = await server.listen(host, asked);
  await ports.onApi(`http://${family === 'IPv6' ? `[${address}]` : address}:${port}`);
  return server;
}

/** Whether an address is of this machine alone. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
