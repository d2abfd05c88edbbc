import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { ProblemError } from '../api/index.ts';
import type { AllowedHosts } from './allowed-hosts.ts';

/** Has no route. */
const NOWHERE = '/';

/**
 * Refuses what a page of another site had a browser send, on every path, before anything else is done about it. The framework
 * runs no hooks for a path that it cannot read or for one that begins with no slash, so that these are led to where it does.
 */
export class ForeignRequests {
  readonly #hosts: () => AllowedHosts;
  readonly #refused = new WeakMap<IncomingMessage, ProblemError>();

  constructor(hosts: () => AllowedHosts) {
    this.#hosts = hosts;
  }

  /** The path by which a request is routed. */
  pathOf(request: IncomingMessage): string {
    const refusal = this.#hosts().refusalOf(request);
    if (refusal !== null) this.#refused.set(request, refusal);
    const { url = NOWHERE } = request;
    return refusal === null && url.startsWith('/') ? url : NOWHERE;
  }

  refuseIn(app: FastifyInstance): void {
    app.addHook('onRequest', (request, _reply, done) => done(this.#refused.get(request.raw)));
  }
}
