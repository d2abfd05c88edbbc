import type { DuckDBConnection, DuckDBInstance, DuckDBResult } from '@duckdb/node-api';
import {
  DISPOSITIONS,
  type Finding,
  isReasonCode,
  type ReasonCode,
  SEVERITIES,
  UNCHECKED_CODES,
  type UncheckedCode,
  type Verdict,
} from '../../../indicium/index.ts';
import { openForReading } from '../opening.ts';
import { asText, asTexts, oneOf } from '../values.ts';
import { FINDING_COLUMNS, findingOf } from './finding-row.ts';
import { readScanDetails, readTimeline, type ScanDetail, type TimelineBar } from './scan-details.ts';
import { readUnchecked, UNCHECKED_SQL, type UncheckedScans } from './unchecked.ts';

interface RecordedVerdict extends Verdict {
  /** Checks of its mark that were not made. */
  readonly unchecked: readonly UncheckedCode[];
}

/** A store opened only to be read: no statement can change it or reach another file. */
export class StoreReader {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #onClosed: () => void;

  /** `onClosed` removes what was made for this reader alone. */
  constructor(instance: DuckDBInstance, connection: DuckDBConnection, onClosed: () => void = () => {}) {
    this.#instance = instance;
    this.#connection = connection;
    this.#onClosed = onClosed;
  }

  /** @throws StoreError when there is no store, it is not whole, or another process is writing to it. */
  static async open(path: string): Promise<StoreReader> {
    const { instance, connection } = await openForReading(path);
    return new StoreReader(instance, connection);
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
    this.#onClosed();
  }

  /** In the order in which the scans were recorded. */
  async *verdicts(): AsyncGenerator<RecordedVerdict> {
    const result = await this.stream(
      `select scan_id, disposition, reasons, ${UNCHECKED_SQL} from evidence order by row_id`,
    );
    for await (const rows of result.yieldRows()) {
      for (const [scanId, disposition, reasons, unchecked] of rows) {
        yield {
          scanId: asText(scanId),
          disposition: oneOf(DISPOSITIONS, asText(disposition)),
          reasons: asText(reasons)
            .split(',')
            .filter((code) => code !== '')
            .map(asReason),
          unchecked: asTexts(unchecked).map((code) => oneOf(UNCHECKED_CODES, code)),
        };
      }
    }
  }

  /** The gravest first. */
  async *findings(): AsyncGenerator<Finding> {
    const result = await this.stream(
      `select ${FINDING_COLUMNS} from findings
       order by list_position(['${SEVERITIES.join("', '")}'], severity), kind, license, psd, key`,
    );
    for await (const rows of result.yieldRows()) yield* rows.map(findingOf);
  }

  scanDetails(scanIds: readonly string[]): Promise<ScanDetail[]> {
    return readScanDetails(this.#connection, scanIds);
  }

  /** Checks of genuine marks that were not made. */
  unchecked(): Promise<UncheckedScans> {
    return readUnchecked(this.#connection);
  }

  timeline(barMs: number): Promise<TimelineBar[]> {
    return readTimeline(this.#connection, barMs);
  }

  /** Any one statement, with values for its $1, $2, …; its rows come in chunks, never all at once. */
  stream(sql: string, values: readonly (string | bigint | null)[] = []): Promise<DuckDBResult> {
    return this.#connection.stream(sql, [...values]);
  }
}

function asReason(text: string): ReasonCode {
  if (!isReasonCode(text)) throw new TypeError(`the store holds an unknown reason: ${text}`);
  return text;
}
