import { EXPORTED_VIEWS } from '../../analytics/index.ts';
import { StageServer, type StageServerPorts } from '../../server/stage/index.ts';
import type { Scope } from './temporary.ts';

/** What a member has done that was just started. */
export const NOTHING_DONE = {
  scans: 0,
  accepted: 0,
  diverted: 0,
  manual: 0,
  repeated: 0,
  deadLetters: 0,
  findings: 0,
};

/** The server of a member of a stage that has no partitions; its address. */
export async function stageServerIn(test: Scope, ports: Partial<StageServerPorts> = {}): Promise<string> {
  const server = new StageServer({
    access: null,
    stores: () => new Map(),
    views: EXPORTED_VIEWS,
    counters: () => ({ rebalances: 0, claims: 0, recoverableErrors: 0, messages: 0, partitions: [] }),
    totals: () => NOTHING_DONE,
    ignored: () => [],
    unchecked: () => ({}),
    lakes: () => new Map(),
    onFailed: (error) => {
      throw error;
    },
    ...ports,
  });
  test.after(() => server.close());
  const { port } = await server.listen('127.0.0.1', 0);
  return `http://127.0.0.1:${port}`;
}
