import { type Reading, signerNote } from '../reading.ts';
import type { Mark, Scan } from '../scan.ts';
import { Int32Builder, Int64Builder, TextBuilder } from './builders.ts';
import type { Int32Column, Int64Column, TextColumn } from './column.ts';
import { buffersOf, selectInt32, selectInt64, selectText } from './select.ts';

/** What was read of the scans of a batch, by column: a field of `Scan`, `Reading` or `Indicium` each. Times in ms, UTC. */
export interface ReadingColumns {
  readonly scanId: TextColumn;
  readonly scanDigest: Int64Column;
  readonly plant: TextColumn;
  readonly machine: TextColumn;
  readonly scannedAtMs: Int64Column;
  readonly mailpieceId: TextColumn;
  readonly pass: TextColumn;
  readonly destination: TextColumn;
  readonly weightGrams: Int32Column;
  /** Path of the image, where the scan has one. */
  readonly image: TextColumn;
  /** For people: why a scan has no mark, who signed in another name, whose mark it is if no key is known, or what its image showed. */
  readonly note: TextColumn;
  readonly extra: TextColumn;
  readonly payload: TextColumn;
  readonly symbology: TextColumn;
  readonly trustVersion: Int64Column;
  readonly outcome: TextColumn;
  readonly keyId: Int64Column;
  readonly license: Int64Column;
  readonly psd: TextColumn;
  readonly epoch: Int32Column;
  readonly pieceCount: Int64Column;
  readonly ascendingMills: Int64Column;
  readonly descendingMills: Int64Column;
  readonly postageMills: Int64Column;
  readonly rateCategory: Int32Column;
  readonly printedAtMs: Int64Column;
  readonly depositPostcode: TextColumn;
  readonly destinationPostcode: TextColumn;
  /** Null where there is no indicium. */
  readonly contentDigest: Int64Column;
  readonly sender: TextColumn;
  /** When the post received the scan, by its own clock; null if unknown. */
  readonly receivedAtMs: Int64Column;
}

/** Gathers one batch, of at most as many scans as it is made for. */
export class ReadingColumnsBuilder {
  readonly #builders: ReturnType<typeof buildersFor>;
  #row = 0;

  constructor(rows: number) {
    this.#builders = buildersFor(rows);
  }

  add(scan: Scan, reading: Reading, receivedAtMs: number | null = null): void {
    const row = this.#row;
    const to = this.#builders;
    to.scanId.add(scan.scanId);
    to.scanDigest.setBigint(row, scan.digest);
    to.plant.add(scan.plant);
    to.machine.add(scan.machine);
    to.scannedAtMs.set(row, scan.scannedAtMs);
    to.mailpieceId.add(scan.mailpieceId);
    to.pass.add(scan.pass);
    to.destination.add(scan.destination);
    to.weightGrams.set(row, scan.weightGrams);
    to.image.add(pictureOf(scan.mark));
    to.note.add(noteOf(scan, reading));
    to.extra.add(scan.extra);
    to.sender.add(scan.sender);
    to.receivedAtMs.set(row, receivedAtMs);
    this.#addReading(row, reading);
    this.#row = row + 1;
  }

  /** Adds a scan in place of the one at whose `add` something threw, of which some columns may hold a value already. */
  replace(scan: Scan, reading: Reading, receivedAtMs: number | null = null): void {
    for (const builder of Object.values(this.#builders)) builder.unset(this.#row);
    this.add(scan, reading, receivedAtMs);
  }

  #addReading(row: number, { payload, symbology, trustVersion, outcome, indicium, contentDigest }: Reading): void {
    const to = this.#builders;
    to.payload.addBytes(payload);
    to.symbology.add(symbology);
    to.trustVersion.set(row, trustVersion);
    to.outcome.add(outcome);
    to.keyId.set(row, indicium === null ? null : indicium.keyId);
    to.license.set(row, indicium === null ? null : indicium.license);
    to.psd.add(indicium === null ? null : indicium.psd);
    to.epoch.set(row, indicium === null ? null : indicium.epoch);
    to.pieceCount.setBigint(row, indicium === null ? null : indicium.pieceCount);
    to.ascendingMills.set(row, indicium === null ? null : indicium.ascendingMills);
    to.descendingMills.set(row, indicium === null ? null : indicium.descendingMills);
    to.postageMills.set(row, indicium === null ? null : indicium.postageMills);
    to.rateCategory.set(row, indicium === null ? null : indicium.rateCategory);
    to.printedAtMs.set(row, indicium === null ? null : indicium.printedAtMs);
    to.depositPostcode.add(indicium === null ? null : indicium.depositPostcode);
    to.destinationPostcode.add(indicium === null ? null : indicium.destinationPostcode);
    to.contentDigest.setBigint(row, indicium === null ? null : contentDigest);
  }

  finish(): ReadingColumns {
    const from = this.#builders;
    const rows = this.#row;
    return {
      scanId: from.scanId.finish(),
      scanDigest: from.scanDigest.finish(rows),
      plant: from.plant.finish(),
      machine: from.machine.finish(),
      scannedAtMs: from.scannedAtMs.finish(rows),
      mailpieceId: from.mailpieceId.finish(),
      pass: from.pass.finish(),
      destination: from.destination.finish(),
      weightGrams: from.weightGrams.finish(rows),
      image: from.image.finish(),
      note: from.note.finish(),
      extra: from.extra.finish(),
      payload: from.payload.finish(),
      symbology: from.symbology.finish(),
      trustVersion: from.trustVersion.finish(rows),
      outcome: from.outcome.finish(),
      keyId: from.keyId.finish(rows),
      license: from.license.finish(rows),
      psd: from.psd.finish(),
      epoch: from.epoch.finish(rows),
      pieceCount: from.pieceCount.finish(rows),
      ascendingMills: from.ascendingMills.finish(rows),
      descendingMills: from.descendingMills.finish(rows),
      postageMills: from.postageMills.finish(rows),
      rateCategory: from.rateCategory.finish(rows),
      printedAtMs: from.printedAtMs.finish(rows),
      depositPostcode: from.depositPostcode.finish(),
      destinationPostcode: from.destinationPostcode.finish(),
      contentDigest: from.contentDigest.finish(rows),
      sender: from.sender.finish(),
      receivedAtMs: from.receivedAtMs.finish(rows),
    };
  }
}

function pictureOf(mark: Mark): string | null {
  if (mark.kind === 'image') return mark.path;
  return mark.kind === 'payload' ? (mark.picture ?? null) : null;
}

function noteOf({ mark }: Scan, { signer, note }: Reading): string | null {
  if (signer !== undefined) return signerNote(signer);
  return mark.kind === 'none' ? mark.detail : (note ?? null);
}

function buildersFor(rows: number) {
  return {
    scanId: new TextBuilder(rows),
    scanDigest: new Int64Builder(rows),
    plant: new TextBuilder(rows),
    machine: new TextBuilder(rows),
    scannedAtMs: new Int64Builder(rows),
    mailpieceId: new TextBuilder(rows),
    pass: new TextBuilder(rows),
    destination: new TextBuilder(rows),
    weightGrams: new Int32Builder(rows),
    image: new TextBuilder(rows),
    note: new TextBuilder(rows),
    extra: new TextBuilder(rows),
    payload: new TextBuilder(rows),
    symbology: new TextBuilder(rows),
    trustVersion: new Int64Builder(rows),
    outcome: new TextBuilder(rows),
    keyId: new Int64Builder(rows),
    license: new Int64Builder(rows),
    psd: new TextBuilder(rows),
    epoch: new Int32Builder(rows),
    pieceCount: new Int64Builder(rows),
    ascendingMills: new Int64Builder(rows),
    descendingMills: new Int64Builder(rows),
    postageMills: new Int64Builder(rows),
    rateCategory: new Int32Builder(rows),
    printedAtMs: new Int64Builder(rows),
    depositPostcode: new TextBuilder(rows),
    destinationPostcode: new TextBuilder(rows),
    contentDigest: new Int64Builder(rows),
    sender: new TextBuilder(rows),
    receivedAtMs: new Int64Builder(rows),
  };
}

export function rowsOf(columns: ReadingColumns): number {
  return columns.weightGrams.values.length;
}

/** The named rows, in their order, as a batch of their own. */
export function selectReadings(from: ReadingColumns, rows: readonly number[]): ReadingColumns {
  return {
    scanId: selectText(from.scanId, rows),
    scanDigest: selectInt64(from.scanDigest, rows),
    plant: selectText(from.plant, rows),
    machine: selectText(from.machine, rows),
    scannedAtMs: selectInt64(from.scannedAtMs, rows),
    mailpieceId: selectText(from.mailpieceId, rows),
    pass: selectText(from.pass, rows),
    destination: selectText(from.destination, rows),
    weightGrams: selectInt32(from.weightGrams, rows),
    image: selectText(from.image, rows),
    note: selectText(from.note, rows),
    extra: selectText(from.extra, rows),
    payload: selectText(from.payload, rows),
    symbology: selectText(from.symbology, rows),
    trustVersion: selectInt64(from.trustVersion, rows),
    outcome: selectText(from.outcome, rows),
    keyId: selectInt64(from.keyId, rows),
    license: selectInt64(from.license, rows),
    psd: selectText(from.psd, rows),
    epoch: selectInt32(from.epoch, rows),
    pieceCount: selectInt64(from.pieceCount, rows),
    ascendingMills: selectInt64(from.ascendingMills, rows),
    descendingMills: selectInt64(from.descendingMills, rows),
    postageMills: selectInt64(from.postageMills, rows),
    rateCategory: selectInt32(from.rateCategory, rows),
    printedAtMs: selectInt64(from.printedAtMs, rows),
    depositPostcode: selectText(from.depositPostcode, rows),
    destinationPostcode: selectText(from.destinationPostcode, rows),
    contentDigest: selectInt64(from.contentDigest, rows),
    sender: selectText(from.sender, rows),
    receivedAtMs: selectInt64(from.receivedAtMs, rows),
  };
}

/** What to hand over with the columns when they go to another thread. */
export function readingBuffers(columns: ReadingColumns): ArrayBuffer[] {
  return buffersOf(Object.values(columns));
}
