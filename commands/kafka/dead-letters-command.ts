import { type Command, Option } from 'commander';
import { plural } from '../../indicium/index.ts';
import {
  DEAD_LETTER_REASONS,
  DEAD_LETTERS_LISTED,
  DEAD_LETTERS_LISTED_MAX,
  eachDeadLetter,
  type KafkaClient,
  type LetterSummary,
} from '../../ingest/kafka/index.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { jsonOption, wholeNumber } from '../options.ts';
import { print, printJson, type Terminal, warn } from '../terminal.ts';
import { addKafkaOptions, brokersUrl, type KafkaOptions, kafkaClient } from './kafka-options.ts';
import { redrive, redriveDry } from './redrive.ts';

interface ListOptions extends KafkaOptions {
  readonly limit: number;
  readonly reason?: readonly string[];
  readonly waiting?: boolean;
  readonly json?: boolean;
}

interface RedriveOptions extends KafkaOptions {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const URL_HELP = 'kafka://host:port[,host:port] (default: KAFKA_BROKERS)';

/** `kafka dead-letters` and `kafka redrive`. */
export function addDeadLetterCommands(kafka: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  addKafkaOptions(kafka.command('dead-letters'))
    .summary('list messages that could not be processed')
    .description('Lists the newest of them, the oldest of these first; changes nothing.')
    .argument('[url]', URL_HELP)
    .addOption(
      new Option('--limit <n>', 'how many of the newest')
        .default(DEAD_LETTERS_LISTED)
        .argParser(wholeNumber(1, DEAD_LETTERS_LISTED_MAX)),
    )
    .addOption(
      new Option('--reason <code...>', 'only those with one of these').choices(Object.keys(DEAD_LETTER_REASONS)),
    )
    .option('--waiting', 'only those that the next redrive comes to')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  indicia kafka dead-letters kafka://127.0.0.1:9092 --waiting --reason not-a-scan',
    )
    .action(async (url: string | undefined, options: ListOptions) => {
      await list(await kafkaClient(brokersUrl(url), options), options, terminal);
      finish(EXIT.done);
    });
  addKafkaOptions(kafka.command('redrive'))
    .summary('put dead letters back where they came from')
    .description(
      'Once what was wrong with them is mended: each that is there when it begins is put back once, as it was, with the ' +
        'header redriven. What fails again is a new dead letter, and is left to the next time.',
    )
    .argument('[url]', URL_HELP)
    .option('--dry-run', 'say what would be put back, and change nothing')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  indicia kafka redrive kafka://127.0.0.1:9092 --dry-run')
    .action(async (url: string | undefined, options: RedriveOptions) => {
      await putBack(await kafkaClient(brokersUrl(url), options), options, terminal);
      finish(EXIT.done);
    });
}

async function list(client: KafkaClient, options: ListOptions, terminal: Terminal): Promise<void> {
  const { prefix, limit, reason, waiting = false, json = false } = options;
  let kept: LetterSummary[] = [];
  let found = 0;
  const onRecoverableError = (error: Error) => warn(terminal, `indicia: trying again: ${error.message}`);
  await eachDeadLetter(client, { prefix, isWaiting: waiting, onRecoverableError }, (letter) => {
    if (reason !== undefined && !reason.includes(letter.reason)) return;
    found += 1;
    kept.push(letter);
    // Partitions come in any order, so the newest are known only in the end.
    if (kept.length >= 2 * limit) kept = newestOf(kept, limit);
  });
  for (const letter of newestOf(kept, limit))
    await (json ? printJson(terminal, letter) : print(terminal, letterLine(letter)));
  if (!json) await print(terminal, `${plural(found, 'dead letter')}\n`);
  if (found > limit) warn(terminal, `indicia: ${plural(found - limit, 'older one')} left out; --limit shows more`);
}

function newestOf(letters: readonly LetterSummary[], limit: number): LetterSummary[] {
  const inOrder = letters.toSorted((one, other) => {
    if (one.at !== other.at) return one.at < other.at ? -1 : 1;
    return one.partition - other.partition || Number(BigInt(one.offset) - BigInt(other.offset));
  });
  return inOrder.slice(-limit);
}

function letterLine(letter: LetterSummary): string {
  const { at, reason, position, bytes, scanId, redriven, waiting, revivable, partition, offset, detail } = letter;
  const more = [
    ...(scanId === null ? [] : [`scan ${scanId}`]),
    ...(redriven === 0 ? [] : [`put back ${plural(redriven, 'time')} before`]),
    ...(waiting ? [] : ['put back since']),
    ...(revivable ? [] : ['cannot be put back']),
  ];
  return `${at}  ${reason}  ${position}  ${plural(bytes, 'byte')}  ${[`${partition}@${offset}`, ...more].join(', ')}: ${detail}\n`;
}

async function putBack(client: KafkaClient, options: RedriveOptions, terminal: Terminal): Promise<void> {
  const { prefix, dryRun = false, json = false } = options;
  if (dryRun) {
    const { wouldRevive, left, reasons } = await redriveDry(client, prefix, terminal);
    const why = Object.entries(reasons).map(([reason, its]) => `  ${reason}: ${its}\n`);
    const text = `${plural(wouldRevive, 'dead letter')} would be put back\n${why.join('')}`;
    await (json ? printJson(terminal, { wouldRevive, left, reasons }) : print(terminal, text));
    warnOfLeft(left, terminal);
    return;
  }
  const { redriven, left } = await redrive(client, prefix, terminal);
  await (json
    ? printJson(terminal, { revived: redriven })
    : print(terminal, `${plural(redriven, 'dead letter')} put back\n`));
  warnOfLeft(left, terminal);
}

function warnOfLeft(left: number, terminal: Terminal): void {
  if (left === 0) return;
  warn(
    terminal,
    `indicia: ${plural(left, 'dead letter')} not put back: not of these topics, or not all of it was kept`,
  );
}
