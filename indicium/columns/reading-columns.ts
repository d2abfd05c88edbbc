import type { Reading } from '../reading.ts';
import type { Scan } from '../scan.ts';
import { Int32Builder, Int64Builder, TextBuilder } from './builders.ts';
import type { Column, Int32Column, Int64Column, TextColumn } from './column.ts';
import {
  READING_FIELD_SPECS,
  type READING_FIELDS,
  type ReadingField,
  type ReadingFieldSpec,
  type ReadingKind,
  type ReadScan,
} from './reading-fields.ts';
import { buffersOf, isInt64, isText, selectColumn } from './select.ts';

type ColumnOf<Kind extends ReadingKind> = Kind extends 'text' | 'bytes'
  ? TextColumn
  : Kind extends 'int64' | 'uint64'
    ? Int64Column
    : Int32Column;

/** What was read of the scans of a batch, by column: see READING_FIELDS. */
export type ReadingColumns = {
  readonly [Name in ReadingField]: ColumnOf<(typeof READING_FIELDS)[Name]['kind']>;
};

/** Columns by name, each made by `make`: all of the table and of its kinds. */
export function readingColumns(make: (name: string, spec: ReadingFieldSpec) => Column): ReadingColumns {
  return asReadings(READING_FIELD_SPECS.map(([name, spec]) => [name, make(name, spec)]));
}

function asReadings(entries: readonly (readonly [name: string, column: Column])[]): ReadingColumns {
  const columns = Object.fromEntries(entries);
  if (!areReadings(columns)) throw new TypeError('the columns of a reading are not of the kinds of the table');
  return columns;
}

function areReadings(columns: Readonly<Record<string, Column>>): columns is ReadingColumns {
  return READING_FIELD_SPECS.every(([name, { kind }]) => {
    const column = columns[name];
    if (column === undefined) return false;
    if (kind === 'text' || kind === 'bytes') return isText(column);
    return isInt64(column) === (kind === 'int64' || kind === 'uint64') && !isText(column);
  });
}

/** @throws TypeError where the table has no column of this name. */
export function columnOf(readings: Readonly<Record<string, Column>>, name: string): Column {
  const column = readings[name];
  if (column === undefined) throw new TypeError(`a batch of readings has no column ${name}`);
  return column;
}

/** One column of a batch while it is gathered. */
interface FieldBuilder {
  readonly name: string;
  readonly add: (row: number, read: ReadScan) => void;
  readonly unset: (row: number) => void;
  readonly finish: (rows: number) => Column;
}

/** Gathers one batch, of at most as many scans as it is made for. */
export class ReadingColumnsBuilder {
  readonly #builders: readonly FieldBuilder[];
  #row = 0;

  constructor(rows: number) {
    this.#builders = READING_FIELD_SPECS.map(([name, spec]) => ({ name, ...builderFor(spec, rows) }));
  }

  add(scan: Scan, reading: Reading, receivedAtMs: number | null = null): void {
    const read = { scan, reading, receivedAtMs };
    for (const builder of this.#builders) builder.add(this.#row, read);
    this.#row += 1;
  }

  /** Adds a scan in place of the one at whose `add` something threw, of which some columns may hold a value already. */
  replace(scan: Scan, reading: Reading, receivedAtMs: number | null = null): void {
    for (const { unset } of this.#builders) unset(this.#row);
    this.add(scan, reading, receivedAtMs);
  }

  finish(): ReadingColumns {
    return asReadings(this.#builders.map(({ name, finish }) => [name, finish(this.#row)]));
  }
}

function builderFor(spec: ReadingFieldSpec, rows: number): Omit<FieldBuilder, 'name'> {
  switch (spec.kind) {
    case 'text': {
      const builder = new TextBuilder(rows);
      return stepsOf(builder, (_row, read) => builder.add(spec.of(read)));
    }
    case 'bytes': {
      const builder = new TextBuilder(rows);
      return stepsOf(builder, (_row, read) => builder.addBytes(spec.of(read)));
    }
    case 'uint64': {
      const builder = new Int64Builder(rows);
      return stepsOf(builder, (row, read) => builder.setBigint(row, spec.of(read)));
    }
    case 'int64': {
      const builder = new Int64Builder(rows);
      return stepsOf(builder, (row, read) => builder.set(row, spec.of(read)));
    }
    default: {
      const builder = new Int32Builder(rows);
      return stepsOf(builder, (row, read) => builder.set(row, spec.of(read)));
    }
  }
}

function stepsOf(
  builder: { unset(row: number): void; finish(rows: number): Column },
  add: FieldBuilder['add'],
): Omit<FieldBuilder, 'name'> {
  return { add, unset: (row) => builder.unset(row), finish: (rows) => builder.finish(rows) };
}

export function rowsOf(columns: ReadingColumns): number {
  return columns.weightGrams.values.length;
}

/** The named rows, in their order, as a batch of their own. */
export function selectReadings(from: ReadingColumns, rows: readonly number[]): ReadingColumns {
  return readingColumns((name) => selectColumn(columnOf(from, name), rows));
}

/** What to hand over with the columns when they go to another thread. */
export function readingBuffers(columns: ReadingColumns): ArrayBuffer[] {
  return buffersOf(Object.values(columns));
}
