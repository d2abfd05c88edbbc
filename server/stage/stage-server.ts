import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify';
import { codeOf, PROBLEMS, ProblemError, problem } from '../../api/index.ts';
import { excerpt } from '../../indicium/index.ts';
import type { Access } from '../access/access.ts';
import { AllowedHosts } from '../allowed-hosts.ts';
import { refuseOtherMethods } from '../allowed-methods.ts';
import type { ConnectionLimits } from '../connections.ts';
import { addEvidenceRoutes, type LiveStore } from '../evidence/evidence-routes.ts';
import { ForeignRequests } from '../foreign.ts';
import { closeBehindUnread } from '../half-closed.ts';
import { CLOSING_MS_MAX } from '../limits.ts';
import { createListener, refuseConnection } from '../listener.ts';
import { addMetricsRoute } from '../metrics-route.ts';
import { type StageMeasures, stageRegistry } from './stage-metrics.ts';

export interface StageServerPorts extends StageMeasures {
  /** Null where everybody may do everything. */
  readonly access: Access | null;
  /** Names under which it is asked, beside addresses and the names of the loopback interface. */
  readonly hostNames?: readonly string[] | undefined;
  readonly limits?: ConnectionLimits | undefined;
  readonly stores: () => ReadonlyMap<string, LiveStore>;
  readonly views: readonly string[];
  /** What went wrong here, for the log. */
  readonly onFailed: (error: Error) => void;
}

/** What a member of a stage tells over HTTP: that it lives, its metrics, and the evidence in the stores that it has. */
export class StageServer {
  readonly #app: FastifyInstance;
  readonly #hostNames: readonly string[];
  #listener: Server | undefined;
  #hosts = new AllowedHosts('', []);

  constructor(ports: StageServerPorts) {
    this.#hostNames = ports.hostNames ?? [];
    const foreign = new ForeignRequests(() => this.#hosts);
    const refuse = (error: FastifyError | ProblemError, reply: FastifyReply) => {
      const code = codeOf(error);
      if (code === 'internal') ports.onFailed(error);
      if (code === 'unauthorized') reply.header('www-authenticate', 'Bearer');
      if (error instanceof ProblemError && error.retryAfterSeconds !== null) {
        reply.header('retry-after', error.retryAfterSeconds);
      }
      const detail = code === 'internal' ? 'see the output of the stage' : error.message;
      const body = JSON.stringify(problem(code, detail));
      return reply.code(PROBLEMS[code].status).type('application/problem+json').send(body);
    };
    this.#app = Fastify({
      logger: false,
      clientErrorHandler: refuseConnection,
      rewriteUrl: (request) => foreign.pathOf(request),
      frameworkErrors: (error, _request, reply) => void refuse(error, reply.header('connection', 'close')),
      exposeHeadRoutes: false,
      serverFactory: (handler) => {
        this.#listener = createListener(handler, null, ports.limits);
        return this.#listener;
      },
    });
    // No route reads a body.
    this.#app.removeAllContentTypeParsers();
    this.#app.addContentTypeParser('*', (_request, _payload, done) => done(null));
    this.#app.setErrorHandler((error: FastifyError | ProblemError, _request, reply) => refuse(error, reply));
    this.#app.setNotFoundHandler(({ method, url }, reply) => {
      return refuse(new ProblemError('not-found', excerpt(`no ${method} ${url.split('?', 1)[0]}`)), reply);
    });
    foreign.refuseIn(this.#app);
    closeBehindUnread(this.#app);
    const addRefusals = refuseOtherMethods(this.#app);
    addEvidenceRoutes(this.#app, ports);
    this.#app.get('/livez', (_request, reply) => reply.send({ status: 'ok' }));
    addMetricsRoute(this.#app, ports.access, stageRegistry(ports));
    addRefusals();
  }

  /** The address that it listens on, whose port the system chose where it was 0. */
  async listen(host: string, port: number): Promise<AddressInfo> {
    this.#hosts = new AllowedHosts(host, this.#hostNames);
    await this.#app.listen({ host, port });
    const address = this.#listener?.address();
    if (typeof address !== 'object' || address === null) throw new Error('the server listens on no address');
    return address;
  }

  /** Lets the last answers be read, but not forever. */
  async close(): Promise<void> {
    this.#listener?.closeIdleConnections();
    const cut = setTimeout(() => this.#listener?.closeAllConnections(), CLOSING_MS_MAX);
    await this.#app.close();
    clearTimeout(cut);
  }
}
