import { availableParallelism } from 'node:os';
import { EXPORTED_VIEWS, storeBytes } from '../../analytics/index.ts';
import type { Policy } from '../../analytics/judge/index.ts';
import { RecorderThread, type StorePorts } from '../../analytics/recorder/index.ts';
import type { ImageReaders } from '../../decode/process/index.ts';
import type { Disposition, VerdictQuery } from '../../indicium/index.ts';
import type { ScanSource } from '../../scans/index.ts';
import type { Log } from '../../server/index.ts';
import { type EntryOptions, Metrics, SorterServer, stopTimeout, VerdictDispatcher } from '../../server/sorter/index.ts';
import { DetectorScheduler } from '../detector-scheduler.ts';
import { type LakeBehind, LakeWatch } from '../lake-watch.ts';
import { type RecorderPort, runPipeline } from '../pipeline.ts';
import { readerPorts } from '../reader-faults.ts';
import { createReaderPool, type ReaderPool } from '../reader-pool.ts';
import { TrustWatch } from '../trust-watch.ts';

export interface ServiceOptions extends EntryOptions {
  readonly db: string;
  readonly registry: string;
  readonly policy: Policy;
  readonly host: string;
  /** 0 for one that is free. */
  readonly port: number;
  readonly lateDisposition: Disposition;
  readonly queueScansMax: number;
  /** Seconds from the end of one look for fraud to the beginning of the next; 0 for none. */
  readonly detectEverySeconds: number;
  readonly workers: number | undefined;
  /** Folder of the lake that is written beside the store. */
  readonly lake?: string | undefined;
  /** What else scans come from, until it ends by itself. */
  readonly otherSources: readonly ScanSource[];
}

export interface ServicePorts {
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** When scans are received: the same clock, where not another. */
  readonly receivedAtMs?: () => number;
  readonly store?: StorePorts;
  readonly log: Log;
  /** Tells this start from others in the ids of requests. */
  readonly startId: string;
  /** Who reads images, where not processes as many as there are workers. */
  readonly images?: ImageReaders;
}

const NO_LAKES: ReadonlyMap<string, LakeBehind> = new Map();

/**
 * The sorter's side in one process: the server, the pipelines that its scans go through, one recorder and one pool of
 * readers for all of them, and the detectors from time to time.
 */
export class SorterService {
  readonly #options: ServiceOptions;
  readonly #ports: ServicePorts;
  readonly #trust: TrustWatch;
  readonly #readers: ReaderPool;
  readonly #metrics = new Metrics();
  readonly #dispatcher: VerdictDispatcher;
  readonly #server: SorterServer;
  readonly #lake: LakeWatch | undefined;
  readonly #failed = Promise.withResolvers<never>();
  #recorder: RecorderThread | undefined;
  #pipelines: Promise<unknown> = Promise.resolve();
  #isGivenUp = false;
  #detectors: DetectorScheduler | undefined;

  private constructor(options: ServiceOptions, ports: ServicePorts, trust: TrustWatch) {
    this.#options = options;
    this.#ports = ports;
    this.#trust = trust;
    this.#failed.promise.catch(() => {});
    const workers = options.workers ?? availableParallelism();
    this.#readers = createReaderPool(() => trust.current, workers, {
      ...readerPorts(ports, this.#metrics),
      receivedAtMs: ports.receivedAtMs ?? ports.nowMs,
    });
    const { nowMs, log, startId } = ports;
    this.#lake = options.lake === undefined ? undefined : new LakeWatch(options.lake, (sentence) => log.warn(sentence));
    const verdictsOf = (queries: readonly VerdictQuery[]) => this.#opened().verdictsOf(queries);
    this.#dispatcher = new VerdictDispatcher({
      nowMs,
      policy: options.policy,
      verdictsOf,
      trustVersion: () => trust.current.version,
      lateDisposition: options.lateDisposition,
      queueScansMax: options.queueScansMax,
      imageMsFor: (client, images) => this.#readers.imageMsFor(client, images),
      metrics: this.#metrics,
    });
    this.#server = new SorterServer({
      dispatcher: this.#dispatcher,
      metrics: this.#metrics,
      policy: options.policy,
      access: options.access,
      tls: options.tls,
      hostNames: options.hostNames,
      limits: options.limits,
      log,
      nowMs,
      trust: () => trust.current,
      lake: () => this.#lake?.behind ?? null,
      liveStore: () => this.#recorder ?? null,
      views: EXPORTED_VIEWS,
      run: (source) => this.#run(source),
      startId,
    });
    this.#measure();
  }

  /**
   * Listens at once, so that observers see it start; takes scans once its store is open, which is when this
   * answers. A trust list that is not accepted later leaves the one in use.
   *
   * @throws RegistryError, StoreError
   */
  static async start(options: ServiceOptions, ports: ServicePorts): Promise<SorterService & { readonly url: string }> {
    const trust = await TrustWatch.open(options.registry, {
      nowMs: ports.nowMs,
      onRefused: (error) => ports.log.warn({ err: error }, 'a newer registry was not accepted'),
    });
    const service = new SorterService(options, ports, trust);
    try {
      const { address, port, family } = await service.#server.listen(options.host, options.port);
      await service.#open();
      const url = `http${options.tls === null ? '' : 's'}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
      ports.log.info({ url, trustVersion: trust.current.version }, 'ready');
      return Object.assign(service, { url });
    } catch (error) {
      await service.end();
      throw error;
    }
  }

  /** Rejects when something broke that should not have: then nothing can be answered any more. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  /**
   * Takes nothing more, answers what is here, and ends. False where the store cannot be written: then it does not wait for
   * room, since clients that were not answered send again.
   */
  async stop(): Promise<boolean> {
    const { log } = this.#ports;
    this.#detectors?.stop();
    log.info({ queued: this.#dispatcher.queued, streams: this.#dispatcher.streams.count }, 'shutting down');
    const noRoom = new AbortController();
    const drained = Promise.all([this.#server.drain(), this.#pipelines]).then(() => true);
    // When it is given up, its end is expected.
    drained.catch(() => {});
    const givenUp = stopTimeout(() => this.#dispatcher.store.kind === 'paused', noRoom.signal);
    const isWhole = await Promise.race([drained, this.failed, givenUp]);
    noRoom.abort();
    if (!isWhole) log.error('ending although the store cannot be written: what was not answered is to be sent again');
    this.#isGivenUp = !isWhole;
    await this.end();
    log.info('stopped');
    return isWhole;
  }

  /** Ends at once what still runs: clients that were not answered send again. */
  async end(): Promise<void> {
    this.#detectors?.stop();
    await this.#server.close();
    await this.#trust.stop();
    await this.#readers.close();
    await (this.#dispatcher.store.kind === 'paused' ? this.#recorder?.abandon() : this.#recorder?.close());
  }

  async #open(): Promise<void> {
    const options = this.#options;
    const { log, store = {} } = this.#ports;
    const notices = {
      onPaused: (reason: string) => {
        log.error({ reason }, 'the store cannot be written; nothing is lost');
        this.#dispatcher.paused(reason);
      },
      onResumed: () => {
        log.info('the store can be written again');
        this.#dispatcher.opened();
      },
      onRestored: (scans: number, of: number) =>
        this.#dispatcher.starting(`${scans} of ${of} recorded scans have been seen again`),
      store,
      lake: this.#lake,
    };
    this.#readers.startImages();
    this.#recorder = await RecorderThread.open(options.db, notices, options.policy);
    this.#detectors = new DetectorScheduler(options.detectEverySeconds, {
      recorder: this.#recorder,
      trust: this.#trust,
      metrics: this.#metrics,
      log,
      onFailed: (error: unknown) => this.#fail(error, 'the detectors failed'),
    });
    this.#dispatcher.starting('the registry is being taken over');
    await this.#detectors.start();
    this.#trust.start();
    this.#dispatcher.opened();
    const sources = [...this.#dispatcher.sources(), ...this.#options.otherSources];
    this.#pipelines = Promise.all(sources.map((source) => this.#run(source)));
    // `failed` also tells those who wait for it.
    this.#pipelines.catch(() => {});
  }

  /** What is given over HTTP has no position to go on from: a client that was not answered sends it again. */
  async #run(source: ScanSource): Promise<void> {
    const recorder = this.#opened();
    const port: RecorderPort = {
      positionOf: async () => null,
      record: (batch, keepsReadings) => recorder.record(batch, keepsReadings),
    };
    try {
      await runPipeline({ source, readers: this.#readers, recorder: port });
    } catch (error) {
      this.#fail(error, `the pipeline of ${source.name} failed`);
      throw error;
    }
  }

  /** Nobody is answered any more: waiting clients are let go to send again. */
  #fail(error: unknown, what: string): void {
    if (!this.#isGivenUp) this.#ports.log.fatal({ err: error }, what);
    this.#server.cut();
    this.#failed.reject(error);
  }

  #measure(): void {
    this.#metrics.measure({
      queued: () => this.#dispatcher.queued,
      queuedOf: () => this.#dispatcher.queuedOf,
      lagSeconds: () =>
        this.#dispatcher.oldestAtMs === null ? 0 : (performance.now() - this.#dispatcher.oldestAtMs) / 1_000,
      streams: () => this.#dispatcher.streams.count,
      storeBytes: () => storeBytes(this.#options.db),
      trustVersion: () => this.#trust.current.version,
      images: () => ({ ...this.#readers.imageCounts.rungs, ...this.#readers.imageCounts.failures }),
      isPaused: () => this.#dispatcher.store.kind === 'paused',
      lakes: () => (this.#lake === undefined ? NO_LAKES : new Map([['0', this.#lake.behind]])),
    });
  }

  #opened(): RecorderThread {
    if (this.#recorder === undefined) throw new Error('the store is not open yet');
    return this.#recorder;
  }
}
