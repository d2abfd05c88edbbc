import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { createMarkReader, createZxingWasmReader, readImage, readImageFile } from '../decode/index.ts';
import {
  excerpt,
  foreignFields,
  hasBase64Letters,
  parseForeignMark,
  parseIndicium,
  plainFields,
  REASONS,
  type ReadingOutcome,
} from '../indicium/index.ts';
import { authenticate, type Check, checksOf, genuineAmong, KeyRing, loadRegistry, NO_TIMES } from '../verify/index.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { jsonOption, registryOption } from './options.ts';
import { type ShownFields, shownFields } from './shown-fields.ts';
import { print, printJson, type Terminal } from './terminal.ts';

interface VerifyOptions {
  readonly registry: string;
  readonly json?: boolean;
}

export function addVerifyCommand(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  program
    .command('verify')
    .summary('check one indicium, step by step')
    .description('Checks payloads against a registry and prints every check with its result.')
    .argument('<payload...>', 'base64, hex, or a file with the bytes or an image of the mark')
    .addOption(registryOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  indicia verify --registry day/registry AQEBAAAAPQkD…')
    .action(async (payloads: string[], options: VerifyOptions) => {
      const ring = new KeyRing(await loadRegistry(options.registry, terminal.nowMs()));
      let invalid = 0;
      for (const payload of payloads) {
        const verified = verifyPayload(payload, await payloadBytes(payload, ring), ring);
        if (verified.outcome !== 'valid') invalid += 1;
        await (options.json ? printJson(terminal, verified) : print(terminal, textReport(verified)));
      }
      finish(invalid > 0 ? EXIT.attention : EXIT.done);
    });
}

interface Verified {
  readonly payload: string;
  readonly outcome: ReadingOutcome;
  readonly reason: string | null;
  readonly fields: ShownFields | null;
  readonly checks: readonly Check[];
}

function verifyPayload(payload: string, bytes: PayloadBytes, ring: KeyRing): Verified {
  const { outcome, fields } = judged(bytes, ring);
  const isReadable = fields !== null;
  const format: Check = {
    name: 'format',
    question: 'Are the bytes a mark that is known here?',
    result: isReadable ? 'passed' : 'failed',
  };
  const reason = outcome === 'valid' ? null : REASONS[outcome];
  return { payload, outcome, reason, fields, checks: [format, ...checksOf(outcome)] };
}

function judged(bytes: PayloadBytes, ring: KeyRing): Pick<Verified, 'outcome' | 'fields'> {
  if (typeof bytes === 'string') return { outcome: bytes, fields: null };
  const parsed = parseIndicium(bytes);
  if ('indicium' in parsed) {
    return { outcome: authenticate(parsed.indicium, ring, NO_TIMES), fields: plainFields(parsed.indicium) };
  }
  const foreign = parseForeignMark(bytes);
  if (foreign === null) return { outcome: parsed.failure, fields: null };
  return { outcome: 'no-key', fields: foreignFields(foreign) };
}

/** What was named is nothing that could be a payload. */
export class PayloadError extends Error {
  override readonly name = 'PayloadError';
}

type PayloadBytes = Uint8Array | Exclude<ReadingOutcome, 'valid'>;

async function payloadBytes(text: string, ring: KeyRing): Promise<PayloadBytes> {
  if (existsSync(text) && (await stat(text)).isFile()) {
    const bytes = await readImageFile(text);
    if (typeof bytes === 'string') return bytes;
    const outcome = await readImage(bytes, createMarkReader(await createZxingWasmReader()));
    if ('mark' in outcome) return outcome.mark.bytes;
    if (outcome.failure === 'image-unsupported') return bytes;
    return genuineAmong(outcome.candidates, ring, NO_TIMES) ?? outcome.failure;
  }
  const hex = Buffer.from(text, 'hex');
  if (hex.length > 0 && hex.toString('hex') === text.toLowerCase()) return hex;
  if (!hasBase64Letters(text)) throw new PayloadError(`${excerpt(text)}: neither a file, nor hex, nor base64`);
  return Buffer.from(text, 'base64');
}

function textReport({ outcome, reason, fields, checks }: Verified): string {
  const signs = { passed: '✓', failed: '✗', 'not reached': '·' };
  return [
    outcome === 'valid' ? 'valid' : `${outcome}: ${reason}`,
    ...checks.map((check) => `  ${signs[check.result]} ${check.question} ${check.result}`),
    ...shownFields(fields ?? {}).map(([name, value]) => `    ${name.padEnd(20)} ${value}`),
    '',
  ].join('\n');
}
