import type { FastifyInstance, FastifyReply } from 'fastify';
import { admit } from './admission.ts';
import { liveness, readiness } from './health.ts';
import { openApi } from './openapi.ts';
import type { Health } from './schemas.ts';
import type { ServerPorts } from './server-ports.ts';

/** What operators and balancers ask for, and the document that describes all of it. */
export function addServiceRoutes(app: FastifyInstance, ports: ServerPorts): void {
  const { desk, access } = ports;

  app.get('/livez', (_request, reply) => {
    const { store, oldestAtMs, progressAtMs } = desk;
    return sendHealth(reply, liveness({ store, oldestAtMs, progressAtMs }));
  });

  app.get('/readyz', (_request, reply) => {
    const { store, isDraining } = desk;
    return sendHealth(reply, readiness({ store, isDraining, trust: ports.trust(), nowMs: ports.nowMs() }));
  });

  app.get('/metrics', async (request, reply) => {
    admit(access, request, ['metrics']);
    const { registry } = ports.metrics;
    return reply.type(registry.contentType).send(await registry.metrics());
  });

  app.get('/openapi.json', (_request, reply) => {
    return reply.type('application/json; charset=utf-8').send(JSON.stringify(openApi()));
  });
}

function sendHealth(reply: FastifyReply, health: Health): FastifyReply {
  return reply
    .code(health.status === 'ok' ? 200 : 503)
    .header('cache-control', 'no-store')
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(health));
}
