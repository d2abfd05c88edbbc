import type { FastifyInstance } from 'fastify';
import type { Access } from './access/access.ts';
import { admit } from './admission.ts';

/** What Prometheus reads. */
interface MetricsText {
  readonly contentType: string;
  metrics(): Promise<string>;
}

/** Metrics are collected once for all who ask meanwhile: 40 kB that take some milliseconds of this process. */
export function addMetricsRoute(app: FastifyInstance, access: Access | null, source: MetricsText): void {
  let collecting: Promise<string> | null = null;
  const collect = (): Promise<string> => {
    collecting ??= source.metrics().finally(() => {
      collecting = null;
    });
    return collecting;
  };
  app.get('/metrics', async (request, reply) => {
    admit(access, request, ['metrics']);
    return reply.type(source.contentType).send(await collect());
  });
}
