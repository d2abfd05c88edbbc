import type { DuckDBConnection, DuckDBInstance, DuckDBResult, DuckDBValue } from '@duckdb/node-api';
import {
  DISPOSITIONS,
  type Finding,
  isReasonCode,
  type ReasonCode,
  SEVERITIES,
  type StoredVerdict,
  type Verdict,
} from '../../../indicium/index.ts';
import { openForReading } from '../opening.ts';
import { asText, asTexts, oneOf } from '../values.ts';
import { FINDING_COLUMNS, findingOf } from './finding-row.ts';
import { readScanDetails, readTimeline, type ScanDetail, type TimelineBar } from './scan-details.ts';
import { readUnchecked, UNCHECKED_SQL, type UncheckedScans, uncheckedOf } from './unchecked.ts';

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
  async *verdicts(): AsyncGenerator<Verdict> {
    const result = await this.stream('select scan_id, disposition, reasons from verdicts order by row_id');
    for await (const rows of result.yieldRows()) yield* rows.map(verdictOf);
  }

  /** The same, with the checks of each mark that were not made. */
  async *uncheckedVerdicts(): AsyncGenerator<Verdict & Pick<StoredVerdict, 'unchecked'>> {
    const result = await this.stream(
      `select verdicts.scan_id, verdicts.disposition, verdicts.reasons, unchecked
       from verdicts join (select row_id, ${UNCHECKED_SQL} as unchecked from evidence) using (row_id) order by row_id`,
    );
    for await (const rows of result.yieldRows()) {
      yield* rows.map((row) => ({ ...verdictOf(row), unchecked: uncheckedOf(row[3]) }));
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

function verdictOf([scanId, disposition, reasons]: readonly DuckDBValue[]): Verdict {
  return {
    scanId: asText(scanId),
    disposition: oneOf(DISPOSITIONS, asText(disposition)),
    reasons: asTexts(reasons).map(asReason),
  };
}

function asReason(text: string): ReasonCode {
  if (!isReasonCode(text)) throw new TypeError(`the store holds an unknown reason: ${text}`);
  return text;
}
