import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { codeOf, PROBLEMS, ProblemError, problem } from '../../api/index.ts';
import { excerpt } from '../../indicium/index.ts';
import { clientOfRequest } from '../admission.ts';
import { AllowedHosts } from '../allowed-hosts.ts';
import { refuseOtherMethods } from '../allowed-methods.ts';
import { BodyBudget } from '../body.ts';
import { addEvidenceRoutes } from '../evidence/evidence-routes.ts';
import { ForeignRequests } from '../foreign.ts';
import { closeBehindUnread } from '../half-closed.ts';
import { CLOSING_MS_MAX } from '../limits.ts';
import { createListener, refuseConnection } from '../listener.ts';
import type { ServerPorts } from './server-ports.ts';
import { addServiceRoutes } from './service-routes.ts';
import { addStreamRoutes } from './streams/stream-routes.ts';
import { addVerdictRoutes } from './verdict-routes.ts';

/** A scan id of 256 characters, percent-encoded. */
const PARAMETER_CHARS_MAX = 256 * 4 * 3;

/** The sorter's API over HTTP. */
export class SorterServer {
  readonly #ports: ServerPorts;
  readonly #app: FastifyInstance;
  #listener: Server | undefined;
  #hosts = new AllowedHosts('', []);

  constructor(ports: ServerPorts) {
    this.#ports = ports;
    const foreign = new ForeignRequests(() => this.#hosts);
    let requests = 0;
    const loggerInstance: FastifyBaseLogger = ports.log;
    this.#app = Fastify({
      loggerInstance,
      logController: new LogController({ disableRequestLogging: true }),
      genReqId: () => {
        requests += 1;
        return `${ports.startId}-${requests}`;
      },
      routerOptions: { maxParamLength: PARAMETER_CHARS_MAX },
      clientErrorHandler: refuseConnection,
      rewriteUrl: (request) => foreign.pathOf(request),
      // No hooks run for these: whether a body follows is not looked at.
      frameworkErrors: (error, request, reply) =>
        void this.#refuse(error, request, reply.header('connection', 'close')),
      exposeHeadRoutes: false,
      return503OnClosing: false,
      serverFactory: (handler) => {
        this.#listener = createListener(handler, ports.tls, ports.limits);
        return this.#listener;
      },
    });
    // Handlers read bodies themselves, as bytes and within bounds of their own.
    this.#app.removeAllContentTypeParsers();
    this.#app.addContentTypeParser('*', (_request, _payload, done) => done(null));
    this.#app.setErrorHandler((error: FastifyError, request, reply) => this.#refuse(error, request, reply));
    this.#app.setNotFoundHandler((request, reply) => this.#refuse(notFound(request), request, reply));
    foreign.refuseIn(this.#app);
    closeBehindUnread(this.#app);
    const addRefusals = refuseOtherMethods(this.#app);
    const budget = new BodyBudget();
    addVerdictRoutes(this.#app, ports, budget);
    addStreamRoutes(this.#app, ports);
    addServiceRoutes(this.#app, ports);
    addEvidenceRoutes(this.#app, {
      ...ports,
      stores: () => {
        const store = ports.liveStore();
        return new Map(store === null ? [] : [['', store]]);
      },
    });
    addRefusals();
  }

  /** The address that it listens on, whose port the system chose where it was 0. */
  async listen(host: string, port: number): Promise<AddressInfo> {
    this.#hosts = new AllowedHosts(host, this.#ports.hostNames ?? []);
    await this.#app.listen({ host, port });
    const address = this.#listener?.address();
    if (typeof address !== 'object' || address === null) throw new Error('the server listens on no address');
    return address;
  }

  /** Takes nothing more, answers what is here, and ends every stream behind its last answer. */
  async drain(): Promise<void> {
    const { dispatcher } = this.#ports;
    dispatcher.drain();
    await dispatcher.streams.end();
  }

  /**
   * Ends all listeners, lets the last answers be read, but not forever, and frees the port. No verdict comes any more.
   */
  async close(): Promise<void> {
    this.#ports.dispatcher.late.end();
    const cut = setTimeout(() => this.cut(), CLOSING_MS_MAX);
    await this.#app.close();
    clearTimeout(cut);
  }

  /** Ends every connection at once. */
  cut(): void {
    this.#listener?.closeAllConnections();
  }

  #refuse(error: FastifyError | ProblemError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { log, metrics, dispatcher } = this.#ports;
    const code = codeOf(error);
    metrics.refused(code, clientOfRequest(request));
    if (code === 'internal') log.error({ reqId: request.id, err: error }, 'failed');
    else request.log.debug({ code, detail: error.message }, 'refused');
    const { status } = PROBLEMS[code];
    const known = error instanceof ProblemError ? error : null;
    // The framework quotes the whole address.
    const said = known?.message ?? excerpt(error.message);
    const detail = code === 'internal' ? `see the log of the server under ${request.id}` : said;
    if (dispatcher.isDraining) reply.header('connection', 'close');
    if (code === 'unauthorized') reply.header('www-authenticate', 'Bearer');
    if (known?.retryAfterSeconds != null) reply.header('retry-after', known.retryAfterSeconds);
    const body = { ...problem(code, detail, known?.scanId), instance: request.id };
    return reply.code(status).type('application/problem+json').send(JSON.stringify(body));
  }
}

function notFound({ method, url }: FastifyRequest): ProblemError {
  return new ProblemError('not-found', excerpt(`no ${method} ${url.split('?', 1)[0]}`));
}
