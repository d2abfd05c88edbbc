import {
  type Reading,
  type ReadingColumns,
  ReadingColumnsBuilder,
  type Scan,
  TextBuilder,
  type Verdict,
  type VerdictColumns,
} from '../../indicium/index.ts';

/** Everything that is stored of one scan: what came in, what was read, what was answered. */
export interface Evidence {
  readonly scan: Scan;
  readonly reading: Reading;
  readonly verdict: Verdict;
  /** When the post received the scan, by its own clock; not given if unknown. */
  readonly receivedAtMs?: number;
}

export class VerdictColumnsBuilder {
  readonly #dispositions: TextBuilder;
  readonly #reasons: TextBuilder;

  constructor(rows: number) {
    this.#dispositions = new TextBuilder(rows);
    this.#reasons = new TextBuilder(rows);
  }

  add({ disposition, reasons }: Pick<Verdict, 'disposition' | 'reasons'>): void {
    this.addStored(disposition, reasons.join(','));
  }

  /** As the store keeps them. */
  addStored(disposition: string, reasons: string): void {
    this.#dispositions.add(disposition);
    this.#reasons.add(reasons);
  }

  finish(): VerdictColumns {
    return { dispositions: this.#dispositions.finish(), reasons: this.#reasons.finish() };
  }
}

/** Evidence that was gathered piece by piece, by column. */
export function evidenceColumns(evidence: readonly Evidence[]): VerdictColumns & { readonly readings: ReadingColumns } {
  const readings = new ReadingColumnsBuilder(evidence.length);
  const verdicts = new VerdictColumnsBuilder(evidence.length);
  for (const { scan, reading, verdict, receivedAtMs } of evidence) {
    readings.add(scan, reading, receivedAtMs);
    verdicts.add(verdict);
  }
  return { readings: readings.finish(), ...verdicts.finish() };
}
