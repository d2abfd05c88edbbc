import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { createMarkReader, createZxingWasmReader, readImage, readImageFile } from '../decode/index.ts';
import { ExpectedError, excerpt, hasBase64Letters } from '../indicium/index.ts';
import { genuineAmong, KeyRing, type ScanTimes } from '../verify/index.ts';
import { loadRegistry } from '../verify/registry/index.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { jsonOption, momentLike, registryOption } from './options.ts';
import { TIME_WITH_ZONE } from './received-at.ts';
import { shownFields } from './shown-fields.ts';
import { openNamedStores } from './store/named-stores.ts';
import { print, printJson, type Terminal } from './terminal.ts';
import { type PayloadBytes, type Verified, verified } from './verified.ts';

interface VerifyOptions {
  readonly registry: string;
  readonly scannedAt?: number;
  readonly receivedAt?: number;
  readonly scan?: string;
  readonly db?: string[];
  readonly json?: boolean;
}

export function addVerifyCommand(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const time = momentLike(TIME_WITH_ZONE, 'a time with its zone, such as 2026-11-20T18:00:00Z.');
  const command = program
    .command('verify')
    .summary('check one indicium, step by step')
    .description(
      'Checks payloads, or the mark of a recorded scan, against a registry and prints every check with its result. A check ' +
        'that takes what is not known says "not checked".',
    )
    .argument('[payload...]', 'base64, hex, or a file with the bytes or an image of the mark')
    .addOption(registryOption())
    .addOption(new Option('--scanned-at <time>', 'when the piece was scanned').argParser(time))
    .addOption(new Option('--received-at <time>', 'when the post received the scan, by its own clock').argParser(time))
    .addOption(
      new Option('--scan <id>', 'the mark, times and sightings of this scan, from the store').conflicts([
        'scannedAt',
        'receivedAt',
      ]),
    )
    .addOption(
      new Option('--db <store...>', 'of --scan: a store, a folder of stores, or a running server').env('INDICIA_DB'),
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  indicia verify --registry day/registry --scanned-at 2026-11-20T07:16:00Z AQEBAAAAPQkD…' +
        '\n  indicia verify --registry day/registry --db day.duckdb --scan DBCS-12/20261120A/000123',
    )
    .action(async (payloads: string[], options: VerifyOptions) => {
      if ((payloads.length === 0) === (options.scan === undefined)) {
        return command.error('error: expected either payloads or --scan');
      }
      const ring = new KeyRing(await loadRegistry(options.registry, terminal.nowMs()));
      const results =
        options.scan === undefined ? ofPayloads(payloads, options, ring) : ofScan(options.scan, options, ring);
      let invalid = 0;
      for await (const result of results) {
        if (result.checks.some((check) => check.result === 'failed')) invalid += 1;
        await (options.json ? printJson(terminal, result) : print(terminal, textReport(result)));
      }
      finish(invalid > 0 ? EXIT.attention : EXIT.done);
    });
}

async function* ofPayloads(
  payloads: readonly string[],
  options: VerifyOptions,
  ring: KeyRing,
): AsyncGenerator<Verified> {
  const times = { scannedAtMs: options.scannedAt ?? null, receivedAtMs: options.receivedAt ?? null };
  for (const payload of payloads) yield verified(payload, await payloadBytes(payload, ring, times), times, ring);
}

/** All scans of that id: plants may use one id each. */
async function* ofScan(scanId: string, { db }: VerifyOptions, ring: KeyRing): AsyncGenerator<Verified> {
  if (db === undefined) throw new PayloadError('--scan: name its store with --db, or INDICIA_DB');
  const reader = await openNamedStores(db);
  try {
    const scans = await reader.scanDetails([scanId]);
    if (scans.length === 0) throw new PayloadError(`${excerpt(scanId)}: no such scan in ${db.join(', ')}`);
    for (const scan of scans) {
      const { payload, scannedAtMs, receivedAtMs, plant, disposition, reasons } = scan;
      const bytes = payload ?? 'no-symbol';
      const recorded = { scanId, plant, scannedAtMs, receivedAtMs, disposition, reasons };
      yield verified(scanId, bytes, { scannedAtMs, receivedAtMs }, ring, recorded);
    }
  } finally {
    reader.close();
  }
}

/** What was named is nothing that could be a payload. */
class PayloadError extends ExpectedError {
  override readonly name = 'PayloadError';
  override readonly failure = 'payload';
}

async function payloadBytes(text: string, ring: KeyRing, times: ScanTimes): Promise<PayloadBytes> {
  if (existsSync(text) && (await stat(text)).isFile()) {
    const bytes = readImageFile(text);
    if (typeof bytes === 'string') return bytes;
    const outcome = await readImage(bytes, createMarkReader(await createZxingWasmReader()));
    if ('mark' in outcome) return outcome.mark.bytes;
    if (outcome.failure === 'image-unsupported') return bytes;
    return genuineAmong(outcome.candidates, ring, times) ?? outcome.failure;
  }
  const hex = Buffer.from(text, 'hex');
  if (hex.length > 0 && hex.toString('hex') === text.toLowerCase()) return hex;
  if (!hasBase64Letters(text)) throw new PayloadError(`${excerpt(text)}: neither a file, nor hex, nor base64`);
  return Buffer.from(text, 'base64');
}

function textReport({ outcome, reason, fields, checks, recorded }: Verified): string {
  const signs = { passed: '✓', failed: '✗', 'not reached': '·', 'not checked': '?' };
  const verdict = recorded === null ? [] : [`  recorded: ${[recorded.disposition, ...recorded.reasons].join(', ')}`];
  const unchecked = checks.filter(({ result }) => result === 'not checked').length;
  const count = unchecked === 0 ? '' : `, ${unchecked} of ${checks.length} checks not made`;
  return [
    `${outcome === 'valid' ? 'valid' : `${outcome}: ${reason}`}${count}`,
    ...checks.map(
      ({ question, result, note }) =>
        `  ${signs[result]} ${question} ${result}${note === undefined ? '' : `: ${note}`}`,
    ),
    ...verdict,
    ...shownFields(fields ?? {}).map(([name, value]) => `    ${name.padEnd(20)} ${value}`),
    '',
  ].join('\n');
}
