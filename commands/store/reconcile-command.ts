import { type Command, Option } from 'commander';
import {
  type Amounts,
  type Book,
  bookedPieces,
  FIGURES,
  type Figure,
  type LicenseBook,
  needsAttention,
  reconcile,
  type SetBook,
  type TownBook,
} from '../../analytics/index.ts';
import { formatMills, printable } from '../../indicium/index.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { databasesOption, jsonOption, wholeNumber } from '../options.ts';
import { print, printJson, type Terminal } from '../terminal.ts';
import { openNamedStores } from './named-stores.ts';

interface ReconcileOptions {
  readonly db: readonly string[];
  readonly license?: number;
  readonly psd?: string;
  readonly pieces?: Figure;
  readonly json?: boolean;
}

/** `reconcile`: what was paid against what the marks show, and which post office earned it. */
export function addReconcileCommand(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const command = program
    .command('reconcile')
    .summary('the books per license, PSD and town')
    .description(
      'Holds the funds paid against the registers and postage of all genuine marks, to the thousandth of the currency ' +
        'unit, and the postage handed in at each town against that of its licenses. With --pieces, lists what makes up ' +
        'one figure of a license, one JSON object a line. What each figure means: analytics/books/*.sql.',
    )
    .addOption(databasesOption())
    .addOption(new Option('--license <n>', 'the books of this license only').argParser(wholeNumber(1, 2 ** 48 - 1)))
    .option('--psd <name>', 'and of this PSD only')
    .addOption(new Option('--pieces <figure>', 'list the pieces behind a figure of --license').choices(FIGURES))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExit code 3: money that nobody paid, postage that no register counted, counters used twice, or mail that another ' +
        'town earned.' +
        '\n\nExamples:\n  indicia reconcile --db day.duckdb' +
        '\n  indicia reconcile --db partitions --db archive' +
        '\n  indicia reconcile --db day.duckdb --license 700137 --pieces unseen',
    )
    .action(async ({ db, license, psd, pieces, json }: ReconcileOptions) => {
      if (license === undefined && (psd !== undefined || pieces !== undefined)) {
        command.error(`error: ${psd === undefined ? '--pieces' : '--psd'} needs --license`);
      }
      const filter = { license: license ?? null, psd: psd ?? null };
      const reader = await openNamedStores(db);
      try {
        if (pieces === undefined) {
          const isWrong = await printBooks(terminal, reconcile(reader, filter), json ?? false);
          finish(isWrong ? EXIT.attention : EXIT.done);
        } else {
          for await (const piece of bookedPieces(reader, filter, pieces)) await printJson(terminal, plain(piece));
          finish(EXIT.done);
        }
      } finally {
        reader.close();
      }
    });
}

/** Returns whether any book needs a person. */
async function printBooks(terminal: Terminal, books: AsyncIterable<Book>, asJson: boolean): Promise<boolean> {
  let isWrong = false;
  const sets: SetBook[] = [];
  const licenses: LicenseBook[] = [];
  const towns: TownBook[] = [];
  for await (const book of books) {
    isWrong ||= needsAttention(book);
    if (asJson) await printJson(terminal, plain(book));
    else if (book.book === 'set') sets.push(book);
    else if (book.book === 'license') licenses.push(book);
    else towns.push(book);
  }
  if (asJson) return isWrong;
  await print(
    terminal,
    section('LICENSES', ['license', 'holder', 'town', 'PSDs', ...AMOUNT_HEADINGS], licenses, licenseCells),
  );
  await print(terminal, section('PSDS', ['license', 'PSD', '', ...AMOUNT_HEADINGS], sets, setCells));
  await print(
    terminal,
    section('TOWNS', ['handed in at', 'postcode', 'earned', 'licensed', 'unplaced', 'difference'], towns, townCells),
  );
  return isWrong;
}

const AMOUNT_HEADINGS = [
  'paid',
  'pieces',
  'printed',
  'doubled',
  'unseen',
  'unseen money',
  'remaining',
  'refunded',
  'returned',
  'difference',
];

function amountCells(amounts: Amounts): string[] {
  return [
    formatMills(amounts.paidMills),
    `${amounts.printedPieces}`,
    formatMills(amounts.printedMills),
    formatMills(amounts.doubledMills),
    `${amounts.unseenPieces}`,
    formatMills(amounts.unseenMills),
    amounts.remainingMills === null ? '–' : formatMills(amounts.remainingMills),
    formatMills(amounts.refundedMills),
    formatMills(amounts.returnedMills),
    formatMills(amounts.differenceMills),
  ];
}

function licenseCells(book: LicenseBook): string[] {
  return [
    `${book.license}`,
    book.holder ?? 'not in the registry',
    book.town ?? '',
    `${book.psds}`,
    ...amountCells(book),
  ];
}

function setCells(book: SetBook): string[] {
  const state = book.withdrawn ? 'withdrawn' : book.postpaid ? 'postpaid' : '';
  return [`${book.license}`, book.psd, state, ...amountCells(book)];
}

function townCells({ town, depositPostcode, plant, ...mills }: TownBook): string[] {
  const place = plant === null ? (town ?? 'licenses not in the registry') : `plant ${plant}, from other towns`;
  const { earnedMills, licensedMills, unplacedMills, differenceMills } = mills;
  return [
    place,
    depositPostcode ?? '',
    ...[earnedMills, licensedMills, unplacedMills, differenceMills].map(formatMills),
  ];
}

/** A table under a title; numbers stand to the right. */
function section<Line>(
  title: string,
  headings: readonly string[],
  lines: readonly Line[],
  cellsOf: (line: Line) => string[],
): string {
  const rows = lines.map((line) => cellsOf(line).map(printable));
  const widths = headings.map((heading, column) =>
    rows.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), heading.length),
  );
  const isNumeric = headings.map((_, column) => rows.every((row) => /^(-?\d[\d.]*|–)$/.test(row[column] ?? '')));
  const text = [headings, ...rows].map((cells) => {
    const padded = cells.map((cell, column) =>
      isNumeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
    );
    return `${padded.join('  ').trimEnd()}\n`;
  });
  return `${title}\n${text.join('')}\n`;
}

/** Integers beyond 2^53 become text, since JSON numbers would lose digits. */
function plain(value: object): object {
  const entries = Object.entries(value).map(([name, field]) => {
    if (typeof field !== 'bigint') return [name, field];
    return [name, Number.isSafeInteger(Number(field)) ? Number(field) : field.toString()];
  });
  return Object.fromEntries(entries);
}
