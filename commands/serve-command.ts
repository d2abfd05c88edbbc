import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type Command, Option } from 'commander';
import { readPolicy } from '../analytics/judge/index.ts';
import { SorterService } from '../app/sorter/index.ts';
import { isLoopback } from '../app/stages/index.ts';
import { DISPOSITIONS, type Disposition, ExpectedError, FILE_FAULTS, readNamedFile } from '../indicium/index.ts';
import { dropFolder } from '../ingest/index.ts';
import {
  type Access,
  type Log,
  openTokens,
  QUEUE_SCANS_FLAG_MAX,
  QUEUE_SCANS_MAX,
  type TlsFiles,
} from '../server/index.ts';
import { openApi } from '../server/sorter/index.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { connectionLimitsOf, type ListenerFlags, listenerFlags } from './listener-flags.ts';
import { addLogOptions, type LogFlags, logOf } from './log-options.ts';
import {
  type DropFlags,
  databaseOption,
  dropFlags,
  dropOptionsOf,
  jsonOption,
  lakeOption,
  policyOption,
  registryOption,
  wholeNumber,
  workersOption,
} from './options.ts';
import { receiptClock, receivedAtOption } from './received-at.ts';
import { stopSignal } from './stop-signal.ts';
import { authorOf } from './store-ports.ts';
import { print, printJson, type Terminal } from './terminal.ts';

interface ServeOptions extends DropFlags, ListenerFlags, LogFlags {
  readonly db: string;
  readonly registry: string;
  readonly policy?: string;
  readonly lake?: string;
  readonly host: string;
  readonly port: number;
  readonly tokens?: string;
  /** False with --no-auth. */
  readonly auth: boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly clientCa?: string;
  readonly lateDisposition: Disposition;
  readonly drop?: string;
  readonly queueMax: number;
  readonly detectEvery: number;
  readonly workers?: number;
  readonly receivedAt?: number;
  readonly json?: boolean;
}

/** Flags that do not go together, or an address that cannot be listened on. */
class ServeOptionsError extends ExpectedError {
  override readonly name = 'ServeOptionsError';
  override readonly failure = 'serve-options';
}

const DETECT_SECONDS_MAX = 86_400;

export function addServeCommand(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const command = program
    .command('serve')
    .summary('answer sorters over HTTP')
    .description(
      'Answers scans with verdicts before the divert gate, records everything in a store and looks for fraud from time to time. Prints its address once it takes scans; ends in order on SIGTERM, at once on a second one.',
    )
    .addOption(databaseOption())
    .addOption(registryOption())
    .addOption(policyOption())
    .addOption(lakeOption())
    .addOption(new Option('--host <address>', 'address to listen on').env('INDICIA_HOST').default('127.0.0.1'))
    .addOption(
      new Option('--port <n>', 'port to listen on; 0 for any free port')
        .env('INDICIA_PORT')
        .default(8080)
        .argParser(wholeNumber(0, 65_535)),
    )
    .addOption(new Option('--tokens <file>', "who has access: see 'indicia token'").env('INDICIA_TOKENS'))
    .option('--no-auth', 'let everybody in; only on a loopback address')
    .option('--tls-cert <file>', 'certificate of the server, PEM')
    .option('--tls-key <file>', 'its key, PEM')
    .option('--client-ca <file>', 'authorities of client certificates, PEM; clients without one are refused')
    .addOption(
      new Option('--late-disposition <disposition>', 'what is answered when a deadline has passed')
        .choices(DISPOSITIONS)
        .default('manual'),
    )
    .addOption(
      new Option('--queue-max <n>', 'payloads that may wait; more are refused')
        .default(QUEUE_SCANS_MAX)
        .argParser(wholeNumber(1, QUEUE_SCANS_FLAG_MAX)),
    )
    .addOption(
      new Option('--detect-every <seconds>', 'between two looks for fraud; 0 for none')
        .default(60)
        .argParser(wholeNumber(0, DETECT_SECONDS_MAX)),
    )
    .option('--drop <dir>', 'also take images that are dropped into this folder')
    .addOption(workersOption())
    .addOption(receivedAtOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  indicia serve --db day.duckdb --registry day/registry --port 8080 --tokens tokens.json',
    )
    .action(async (options: ServeOptions) => {
      finish(await serve(options, terminal));
    });
  addLogOptions(command, 'json');
  for (const option of [...listenerFlags(), ...dropFlags()]) command.addOption(option);

  program
    .command('openapi')
    .summary('print the OpenAPI document of the server')
    .description('Prints the OpenAPI 3.1 document of the API of indicia serve.')
    .addHelpText('after', '\nExample:\n  indicia openapi > openapi.json')
    .action(async () => {
      await print(terminal, `${JSON.stringify(openApi(), null, 2)}\n`);
      finish(EXIT.done);
    });
}

async function serve(options: ServeOptions, terminal: Terminal): Promise<ExitCode> {
  const { db, registry, host, port, lateDisposition } = options;
  const log = logOf(options, terminal);
  const access = accessOf(options, terminal, log);
  const tls = tlsOf(options);
  if (access !== null && tls === null && !isLoopback(host)) {
    log.warn('tokens cross the network unencrypted: give --tls-cert and --tls-key, or put a proxy in front');
  }
  const { signal: stopped } = stopSignal();
  const dropPorts = { nowMs: terminal.nowMs, stopped, onRefused: (sentence: string) => log.warn(sentence) };
  const settings = {
    ...{ db, registry, host, port, access, tls, lateDisposition },
    hostNames: options.hostName,
    limits: connectionLimitsOf(options),
    policy: readPolicy(options.policy),
    queueScansMax: options.queueMax,
    detectEverySeconds: options.detectEvery,
    workers: options.workers,
    lake: options.lake,
    otherSources: options.drop === undefined ? [] : [await dropFolder(options.drop, dropOptionsOf(options), dropPorts)],
  };
  const service = await SorterService.start(settings, {
    nowMs: terminal.nowMs,
    receivedAtMs: receiptClock(options.receivedAt, terminal.nowMs),
    store: { author: authorOf(terminal), onNotice: (sentence) => log.warn(sentence) },
    log,
    startId: randomUUID(),
  }).catch((error: unknown) => {
    throw isAddressError(error) ? new ServeOptionsError(error.message) : error;
  });
  const { url } = service;
  await (options.json ? printJson(terminal, { url }) : print(terminal, `indicia serve: listening on ${url}\n`));
  try {
    if (!stopped.aborted) await Promise.race([once(stopped, 'abort'), service.failed]);
    return (await service.stop()) ? EXIT.done : EXIT.attention;
  } catch (error) {
    await service.end();
    throw error;
  }
}

function accessOf({ tokens, auth, host }: ServeOptions, terminal: Terminal, log: Log): Access | null {
  if (auth && tokens === undefined) {
    throw new ServeOptionsError('who has access? Give --tokens FILE, or --no-auth for trials on this machine');
  }
  if (auth && tokens !== undefined) {
    return openTokens(tokens, {
      nowMs: terminal.nowMs,
      onUnusable: (error) => log.error({ err: error }, 'nobody is let in until the file of tokens can be read again'),
    });
  }
  if (tokens !== undefined) throw new ServeOptionsError('--tokens and --no-auth contradict each other');
  if (!isLoopback(host)) {
    throw new ServeOptionsError(`--no-auth lets everybody in, so it is for loopback addresses only, not for ${host}`);
  }
  return null;
}

function tlsOf({ tlsCert, tlsKey, clientCa }: ServeOptions): TlsFiles | null {
  if (tlsCert === undefined && tlsKey === undefined) {
    if (clientCa !== undefined) throw new ServeOptionsError('--client-ca needs --tls-cert and --tls-key');
    return null;
  }
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new ServeOptionsError('--tls-cert and --tls-key belong together');
  }
  return {
    cert: pemFile(tlsCert),
    key: pemFile(tlsKey),
    clientCa: clientCa === undefined ? null : pemFile(clientCa),
  };
}

function pemFile(path: string): Buffer {
  const file = readNamedFile(path);
  if (typeof file === 'string') throw new ServeOptionsError(`${path}: ${FILE_FAULTS[file]}`);
  return file.bytes;
}

const ADDRESS_CODES = ['EADDRINUSE', 'EADDRNOTAVAIL', 'ENOTFOUND'];

function isAddressError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && ADDRESS_CODES.includes(String(error.code));
}
