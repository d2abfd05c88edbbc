import { EXPORTED_VIEWS } from '../../analytics/index.ts';
import { StageServer, type StageServerPorts } from '../../ingest/index.ts';
import type { Scope } from './temporary.ts';

/** The server of a member of a stage that has no partitions; its address. */
export async function stageServerIn(test: Scope, ports: Partial<StageServerPorts> = {}): Promise<string> {
  const server = new StageServer({
    access: null,
    stores: () => new Map(),
    views: EXPORTED_VIEWS,
    counters: () => ({ rebalances: 0, claims: 0, troubles: 0, messages: 0, partitions: [] }),
    totals: () => ({}),
    onFailed: (error) => {
      throw error;
    },
    ...ports,
  });
  test.after(() => server.close());
  const { port } = await server.listen('127.0.0.1', 0);
  return `http://127.0.0.1:${port}`;
}
