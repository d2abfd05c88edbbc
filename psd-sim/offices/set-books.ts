import type { OfficeRefusal } from './office.ts';

/** Registers as a PSD states them, signed. */
interface Statement {
  readonly epoch: number;
  readonly pieceCount: string;
  readonly ascendingMills: string;
  readonly descendingMills: string | null;
}

/** The manufacturer's books of one register set: what was paid into it, and how far its registers had come. */
export class SetBooks {
  creditedMills = 0n;
  returnedMills = 0n;
  isWithdrawn = false;
  #last: { readonly epoch: number; readonly pieceCount: bigint; readonly ascendingMills: bigint } | null = null;
  /** The last answer, for a PSD whose link lost it. */
  #answer: { readonly refillNumber: number; readonly challenge: string; readonly text: string } | null = null;

  /** Why a statement cannot be true; null when it can. */
  faultIn(statement: Statement, returnedMills = 0n): OfficeRefusal | null {
    if (this.isWithdrawn) return 'already-withdrawn';
    const { epoch, descendingMills } = statement;
    const pieceCount = BigInt(statement.pieceCount);
    const ascendingMills = BigInt(statement.ascendingMills);
    const last = this.#last;
    if (last !== null) {
      const wentBack = epoch < last.epoch || pieceCount < last.pieceCount || ascendingMills < last.ascendingMills;
      if (wentBack) return 'registers-went-back';
    }
    if (descendingMills === null) return null;
    const controlTotal = ascendingMills + BigInt(descendingMills) + returnedMills;
    return controlTotal === this.creditedMills ? null : 'control-total-mismatch';
  }

  note({ epoch, pieceCount, ascendingMills }: Statement): void {
    this.#last = { epoch, pieceCount: BigInt(pieceCount), ascendingMills: BigInt(ascendingMills) };
  }

  credit(amountMills: bigint): void {
    this.creditedMills += amountMills;
  }

  withdraw(returnedMills: bigint): void {
    this.isWithdrawn = true;
    this.returnedMills = returnedMills;
  }

  /** The answer that was given to this very question before. */
  answerTo(challenge: string): string | undefined {
    return this.#answer?.challenge === challenge ? this.#answer.text : undefined;
  }

  /** Questions are numbered: one that was answered, or refused, can not be asked again later. */
  isOld(refillNumber: number): boolean {
    return this.#answer !== null && refillNumber <= this.#answer.refillNumber;
  }

  noteAnswer(question: Statement & { readonly challenge: string; readonly refillNumber: number }, text: string): void {
    const { challenge, refillNumber } = question;
    this.note(question);
    this.#answer = { challenge, refillNumber, text };
  }
}
