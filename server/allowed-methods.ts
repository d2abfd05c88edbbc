import type { FastifyInstance } from 'fastify';
import { ProblemError } from '../api/index.ts';

/**
 * Answers 405 and says what is allowed, wherever something is. To be called before the routes are added, and what it gives
 * behind them.
 */
export function refuseOtherMethods(app: FastifyInstance): () => void {
  const allowed = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const methods = allowed.get(url) ?? new Set();
    for (const one of [method].flat()) methods.add(one);
    allowed.set(url, methods);
  });
  return () => {
    for (const [url, methods] of [...allowed]) {
      const allow = [...methods].join(', ');
      const others = app.supportedMethods.filter((method) => !methods.has(method));
      app.route({
        url,
        method: others,
        handler: async ({ method, url: asked }, reply) => {
          reply.header('allow', allow);
          throw new ProblemError('method-not-allowed', `${method} ${asked.split('?', 1)[0]}: only ${allow}`);
        },
      });
    }
  };
}
