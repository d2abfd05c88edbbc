import { type Line, type ScanLines, ScanLinesBuilder, type ScanOrigin } from '../../../scans/index.ts';
import type { ActiveClients } from '../../../sharing/index.ts';
import { SHARED_BATCH_COST_MAX, SHARED_STREAM_BATCH_BYTES_MAX, STREAM_BATCH_BYTES_MAX } from '../../limits.ts';

/** Lines of a stream that have come and wait to go through the pipeline together, each with what is known of its answer. */
export class GatheredLines<Row> {
  readonly #builder: ScanLinesBuilder;
  readonly #active: ActiveClients;
  #rows: Row[] = [];
  /** Lines that came together with others that filled the batch. */
  #overflow: { readonly line: Line; readonly row: Row }[] = [];
  #bytes = 0;
  #added = 0;
  #isFull = false;

  /** `label` names the stream in the scan ids of lines that have none. */
  constructor(label: string, origin: ScanOrigin, active: ActiveClients) {
    this.#builder = new ScanLinesBuilder(label, origin);
    this.#active = active;
  }

  get isEmpty(): boolean {
    return this.#builder.isEmpty;
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  /** Lines of the next batch. */
  get length(): number {
    return this.#rows.length;
  }

  /** Lines of the next batch and of those after it. */
  get depth(): number {
    return this.#rows.length + this.#overflow.length;
  }

  /** Of the lines of the next batch. */
  get bytes(): number {
    return this.#bytes;
  }

  add(line: Line, row: Row): void {
    if (this.#isFull) {
      this.#overflow.push({ line, row });
      return;
    }
    this.#added += 1;
    this.#rows.push(row);
    this.#bytes += line.bytes?.length ?? 0;
    this.#isFull = this.#builder.add(line) || this.#bytes >= STREAM_BATCH_BYTES_MAX || this.#isShareFull();
  }

  /** The batch, which those that overflowed begin to fill again. */
  take(): { readonly lines: ScanLines; readonly rows: readonly Row[] } {
    const inFlight = { lines: this.#builder.take(this.#added), rows: this.#rows };
    this.#rows = [];
    this.#bytes = 0;
    this.#isFull = false;
    for (const { line, row } of this.#overflow.splice(0)) this.add(line, row);
    return inFlight;
  }

  /** Drops all lines; what was known of their answers. */
  drop(): Row[] {
    const rows = [...this.#rows, ...this.#overflow.map(({ row }) => row)];
    this.#rows = [];
    this.#overflow = [];
    return rows;
  }

  /** Short batches while others are active, who wait for the end of each. */
  #isShareFull(): boolean {
    const isFull = this.#rows.length % SHARED_BATCH_COST_MAX === 0 || this.#bytes >= SHARED_STREAM_BATCH_BYTES_MAX;
    return isFull && this.#active.areSeveral;
  }
}
