import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Health } from '../../api/index.ts';
import { addMetricsRoute } from '../metrics-route.ts';
import { liveness, readiness } from './health.ts';
import { openApi } from './openapi/openapi.ts';
import type { ServerPorts } from './server-ports.ts';

/** What operators and balancers ask for, and the document that describes all of it. */
export function addServiceRoutes(app: FastifyInstance, ports: ServerPorts): void {
  const { dispatcher, access } = ports;

  app.get('/livez', (_request, reply) => {
    const { store, oldestAtMs, progressAtMs } = dispatcher;
    return sendHealth(reply, liveness({ store, oldestAtMs, progressAtMs }));
  });

  app.get('/readyz', (_request, reply) => {
    const { store, isDraining } = dispatcher;
    return sendHealth(
      reply,
      readiness({ store, isDraining, lake: ports.lake(), trust: ports.trust(), nowMs: ports.nowMs() }),
    );
  });

  addMetricsRoute(app, access, ports.metrics.registry);

  const document = Buffer.from(JSON.stringify(openApi()));
  const etag = `"${createHash('sha256').update(document).digest('base64url')}"`;
  app.get('/openapi.json', (request, reply) => {
    reply.header('etag', etag).header('cache-control', 'no-cache');
    if (request.headers['if-none-match'] === etag) return reply.code(304).send();
    // The same bytes for everybody: 13 kB for each of the answers that nobody reads would be memory.
    return reply.type('application/json; charset=utf-8').send(document);
  });
}

function sendHealth(reply: FastifyReply, health: Health): FastifyReply {
  return reply
    .code(health.status === 'ok' ? 200 : 503)
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(health));
}
