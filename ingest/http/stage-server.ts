import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import { excerpt } from '../../indicium/index.ts';
import type { StageCounters } from '../kafka/stage.ts';
import type { Access } from './access/access.ts';
import { admit } from './admission.ts';
import { addEvidenceRoutes, type LiveStore } from './evidence-routes.ts';
import { createListener, refuseConnection } from './listener.ts';
import { PROBLEMS, ProblemError, problem } from './problems.ts';
import { type StageTotals, stageRegistry } from './stage-metrics.ts';

export interface StageServerPorts {
  /** Null where everybody may do everything. */
  readonly access: Access | null;
  readonly stores: () => ReadonlyMap<string, LiveStore>;
  readonly views: readonly string[];
  readonly counters: () => StageCounters;
  readonly totals: () => StageTotals;
  /** What went wrong here, for the log. */
  readonly onFailed: (error: Error) => void;
}

/** What a member of a stage tells over HTTP: that it lives, its metrics, and the evidence in the stores that it has. */
export class StageServer {
  readonly #app: FastifyInstance;
  #listener: Server | undefined;

  constructor(ports: StageServerPorts) {
    this.#app = Fastify({
      logger: false,
      clientErrorHandler: refuseConnection,
      exposeHeadRoutes: false,
      serverFactory: (handler) => {
        this.#listener = createListener(handler, null);
        return this.#listener;
      },
    });
    this.#app.setErrorHandler((error: FastifyError | ProblemError, _request, reply) => {
      const code = error instanceof ProblemError ? error.code : 'internal';
      if (code === 'internal') ports.onFailed(error);
      if (code === 'unauthorized') reply.header('www-authenticate', 'Bearer');
      const detail = code === 'internal' ? 'see the output of the stage' : error.message;
      return reply
        .code(PROBLEMS[code].status)
        .type('application/problem+json')
        .send(JSON.stringify(problem(code, detail)));
    });
    this.#app.setNotFoundHandler((request, reply) => {
      const body = JSON.stringify(problem('not-found', excerpt(`no ${request.method} ${request.url}`)));
      return reply.code(404).type('application/problem+json').send(body);
    });
    addEvidenceRoutes(this.#app, ports);
    const registry = stageRegistry(ports.counters, ports.totals);
    this.#app.get('/livez', (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'ok' }));
    this.#app.get('/metrics', async (request, reply) => {
      admit(ports.access, request, ['metrics']);
      return reply.type(registry.contentType).send(await registry.metrics());
    });
  }

  /** The address that it listens on, whose port the system chose where it was 0. */
  async listen(host: string, port: number): Promise<AddressInfo> {
    await this.#app.listen({ host, port });
    const address = this.#listener?.address();
    if (typeof address !== 'object' || address === null) throw new Error('the server listens on no address');
    return address;
  }

  async close(): Promise<void> {
    this.#listener?.closeIdleConnections();
    await this.#app.close();
  }
}
