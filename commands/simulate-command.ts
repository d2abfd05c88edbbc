import { type Command, InvalidArgumentError, Option } from 'commander';
import { plural } from '../indicium/index.ts';
import {
  EVERY_FRAUD,
  FRAUDS,
  type FraudName,
  IMAGE_KINDS,
  type ImageKind,
  ODDITIES,
  type OddityName,
  OFFICES_KINDS,
  type OfficesKind,
  PAYMENTS,
  type Payment,
  possibleFrauds,
  simulate,
} from '../psd-sim/index.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { jsonOption, wholeNumber } from './options.ts';
import { Progress, print, printJson, type Terminal } from './terminal.ts';

interface SimulateOptions {
  readonly out: string;
  readonly pieces: number;
  readonly psds: number;
  readonly licenses: number;
  readonly seed: number;
  readonly frauds: readonly FraudName[];
  readonly oddities: readonly OddityName[];
  readonly images: ImageKind;
  readonly day: number;
  readonly offices: OfficesKind;
  readonly payment: Payment;
  readonly json?: boolean;
}

const PIECES_MAX = 10_000_000;
const FLEET_MAX = 100_000;
export const SIMULATED_DAY_MS = Date.UTC(2026, 10, 20);

export function addSimulateCommand(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  program
    .command('simulate')
    .summary('make a day of mail: registry, scans, images and the truth')
    .description(
      'Simulates a day: PSDs frank, frauds are committed, pieces are printed and scanned. Writes DIR/registry/, ' +
        'DIR/scans.ndjson, DIR/images/ and DIR/truth.ndjson. The same seed gives the same files again, byte for byte.',
    )
    .requiredOption('--out <dir>', 'folder to write')
    .addOption(new Option('--pieces <n>', 'honest mailpieces').default(2000).argParser(wholeNumber(1, PIECES_MAX)))
    .addOption(new Option('--psds <n>', 'postal security devices').default(12).argParser(wholeNumber(1, FLEET_MAX)))
    .addOption(new Option('--licenses <n>', 'licenses').default(8).argParser(wholeNumber(1, FLEET_MAX)))
    .addOption(new Option('--seed <n>', 'whole number').default(1).argParser(wholeNumber(0, 2 ** 32)))
    .addOption(
      new Option('--frauds <names>', `mixed, every, none, or some of ${EVERY_FRAUD.join(', ')}`)
        .default(FRAUDS, 'mixed')
        .argParser(fraudNames),
    )
    .addOption(
      new Option('--oddities <names>', `further honest oddities: every, none, or some of ${ODDITIES.join(', ')}`)
        .default([], 'none')
        .argParser((text) => namesOf(ODDITIES, text)),
    )
    .addOption(new Option('--images <kind>', 'what scanners hand over').choices(IMAGE_KINDS).default('none'))
    .addOption(
      new Option('--offices <where>', 'how messages reach manufacturer and authorities; http is on loopback')
        .choices(OFFICES_KINDS)
        .default('inside'),
    )
    .addOption(
      new Option('--payment <how>', 'postpaid countries have no descending register')
        .choices(PAYMENTS)
        .default('prepaid'),
    )
    .addOption(new Option('--day <date>', 'UTC').default(SIMULATED_DAY_MS, '2026-11-20').argParser(dayMs))
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  indicia simulate --out day --pieces 2000 --images crops --frauds copy,fork')
    .action(async (options: SimulateOptions) => {
      const { out, json, day, frauds: asked, ...rest } = options;
      const isSet = asked === FRAUDS || asked === EVERY_FRAUD;
      const frauds = isSet ? possibleFrauds(asked, rest.payment) : asked;
      const progress = new Progress(terminal);
      const simulated = await simulate({ ...rest, frauds, dayMs: day }, out, (step, done, total) => {
        progress.show(`${step} ${done} of ${total}`);
      });
      progress.done(`wrote ${out}`);
      const { pieces, deliveries, images, truth } = simulated;
      const committed = truth.filter((line) => 'fraud' in line).length;
      await (json
        ? printJson(terminal, { pieces, scans: deliveries, images, frauds: committed })
        : print(
            terminal,
            `${plural(pieces, 'piece')}, ${plural(deliveries, 'scan')}, ${plural(images, 'image')}, ${plural(committed, 'fraud')}\n`,
          ));
      finish(EXIT.done);
    });
}

function fraudNames(text: string): readonly FraudName[] {
  return text === 'mixed' ? FRAUDS : namesOf(EVERY_FRAUD, text);
}

function namesOf<Name extends string>(names: readonly Name[], text: string): readonly Name[] {
  if (text === 'every') return names;
  if (text === 'none') return [];
  return text.split(',').map((name) => {
    const known = names.find((candidate) => candidate === name);
    if (known === undefined) throw new InvalidArgumentError(`${name} is not one of ${names.join(', ')}.`);
    return known;
  });
}

export function dayMs(text: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(ms) || text < '2001' || text > '2099') {
    throw new InvalidArgumentError('expected a date such as 2026-11-20.');
  }
  return ms;
}
