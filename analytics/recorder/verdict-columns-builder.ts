import { TextBuilder, type Verdict, type VerdictColumns } from '../../indicium/index.ts';

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
