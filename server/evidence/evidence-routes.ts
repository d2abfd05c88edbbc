import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ProblemError } from '../../api/index.ts';
import { excerpt } from '../../indicium/index.ts';
import type { Access } from '../access/access.ts';
import { type Admitted, admit, clientOf } from '../admission.ts';
import { Exports, refuseOnFullDisk } from './exports.ts';

/** A store that is open here, whose evidence others may ask for. */
export interface LiveStore {
  /** Writes a view as a Parquet file, as it is at that moment. */
  exportView(view: string, path: string): Promise<number>;
}

interface EvidencePorts {
  /** Null where everybody may do everything. */
  readonly access: Access | null;
  /** By the path below which each is asked: '' for the only one, or `partitions/7/`. */
  readonly stores: () => ReadonlyMap<string, LiveStore>;
  readonly views: readonly string[];
}

/**
 * What the stores of this process hold, as Parquet: DuckDB lets no other process read a file that is being written.
 * `indicia query --db http://host:port` asks for these.
 */
export function addEvidenceRoutes(app: FastifyInstance, ports: EvidencePorts): void {
  const exports = new Exports();

  app.get('/v1/stores', (request, reply) => {
    admitEverywhere(ports, request);
    return reply.header('cache-control', 'no-store').send({ stores: [...ports.stores().keys()] });
  });

  type Named = FastifyRequest<{ Params: { partition?: string; file: string } }>;
  for (const path of ['/v1/evidence/:file', '/partitions/:partition/v1/evidence/:file']) {
    app.get(path, async (request: Named, reply) => {
      const admitted = admitEverywhere(ports, request);
      const { partition, file } = request.params;
      const store = ports.stores().get(partition === undefined ? '' : `partitions/${partition}/`);
      const view = ports.views.find((known) => file === `${known}.parquet`);
      if (store === undefined || view === undefined)
        throw new ProblemError('not-found', `no ${excerpt(request.url)} here`);
      return sendView(store, view, reply, exports.enter(clientOf(admitted, request)));
    });
  }
}

/** Evidence is of all plants, and so must be its reader. */
function admitEverywhere({ access }: EvidencePorts, request: FastifyRequest): Admitted {
  const admitted = admit(access, request, ['investigator']);
  if (admitted !== null && admitted.plant !== null) {
    throw new ProblemError('forbidden', 'this is for investigators of all plants');
  }
  return admitted;
}

async function sendView(
  store: LiveStore,
  view: string,
  reply: FastifyReply,
  onSent: () => void,
): Promise<FastifyReply> {
  // Of an answer that is not begun either: its connection may be gone.
  finished(reply.raw, onSent);
  await refuseOnFullDisk(tmpdir());
  const folder = await mkdtemp(join(tmpdir(), 'indicia-evidence-'));
  try {
    const path = join(folder, `${view}.parquet`);
    const bytes = await store.exportView(view, path);
    const file = createReadStream(path);
    // Opened by then, so that it can be read to its end although its name is gone.
    await new Promise((opened, failed) => file.once('open', opened).once('error', failed));
    return reply.header('content-length', bytes).type('application/vnd.apache.parquet').send(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}
