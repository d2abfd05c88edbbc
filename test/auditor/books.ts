import { type AuditedDay, type AuditedMark, isGenuine, outcomeOf } from './marks.ts';

export interface AuditedBook {
  paid: number;
  printedPieces: number;
  printed: number;
  doubled: number;
  unseenPieces: number;
  unseen: number;
  /** One, or several where marks of two branches tell of as much money: nobody can say which is the newest. */
  remaining: readonly (number | null)[];
  refunded: number;
  returned: number;
  difference: number;
}

/** The book of every register set (license and PSD), by adding up what the scans show and what the post recorded. */
export function auditBooks(day: AuditedDay): Map<string, AuditedBook> {
  const marks = new Map<string, Map<string, AuditedMark>>();
  for (const scan of day.scans) {
    if (!isGenuine(outcomeOf(scan, day))) continue;
    const key = `${scan.mark.license} ${scan.mark.psd}`;
    marks.set(key, (marks.get(key) ?? new Map()).set(scan.mark.contents, scan.mark));
  }
  const recorded = [...day.funds, ...day.refunds, ...day.withdrawals].map(({ license, psd }) => `${license} ${psd}`);
  const keys = new Set([...marks.keys(), ...recorded]);
  return new Map([...keys].map((key) => [key, bookOf(key, [...(marks.get(key)?.values() ?? [])], day)]));
}

function bookOf(key: string, marks: readonly AuditedMark[], day: AuditedDay): AuditedBook {
  const ofSet = ({ license, psd }: { license: number; psd: string }) => `${license} ${psd}` === key;
  const sum = (amounts: readonly number[]) => amounts.reduce((total, amount) => total + amount, 0);
  const paid = sum(day.funds.filter(ofSet).map(({ amountMills }) => amountMills));
  const withdrawals = day.withdrawals.filter(ofSet);
  const returned = sum(withdrawals.map(({ returnedMills }) => returnedMills));
  const [withdrawal] = withdrawals;

  const inOrder = marks.toSorted(
    (a, b) =>
      Number(a.count - b.count) || a.printedAtMs - b.printedAtMs || a.epoch - b.epoch || a.ascending - b.ascending,
  );
  const first = inOrder.filter((mark, index) => mark.count !== inOrder[index - 1]?.count);
  const newestCount = first.at(-1)?.count ?? 0n;
  const money = (mark: AuditedMark) => mark.ascending + (mark.descending ?? 0);
  const last = inOrder.filter(({ count }) => count === newestCount);
  const newest = last.filter((mark) => money(mark) === Math.max(...last.map(money)));
  const isWithdrawn = withdrawal !== undefined && BigInt(withdrawal.pieceCount) >= newestCount;

  let unseen = 0;
  let uncounted = 0;
  let before = { count: 0n, ascending: 0 };
  const end =
    withdrawal !== undefined && BigInt(withdrawal.pieceCount) > newestCount
      ? [{ count: BigInt(withdrawal.pieceCount) + 1n, ascending: withdrawal.ascendingMills, postage: 0 }]
      : [];
  for (const [index, mark] of first.length === marks.length ? first.entries() : []) {
    uncounted += Math.max(0, (first[index - 1]?.ascending ?? 0) + mark.postage - mark.ascending);
  }
  for (const mark of [...first, ...end]) {
    if (mark.count > before.count + 1n) unseen += Math.max(0, mark.ascending - mark.postage - before.ascending);
    before = mark;
  }
  const lastCount = end[0] === undefined ? newestCount : end[0].count - 1n;

  const control = isWithdrawn ? withdrawal.ascendingMills : Math.max(0, ...newest.map(money));
  const left = newest.map(({ descending }) => (isWithdrawn && descending !== null ? 0 : descending));
  const remaining = left.length > 0 ? left : [isWithdrawn ? 0 : null];
  const controls = marks.flatMap((mark) => (mark.descending === null ? [] : [money(mark)]));
  return {
    paid,
    printedPieces: marks.length,
    printed: sum(marks.map(({ postage }) => postage)),
    doubled: sum(marks.map(({ postage }) => postage)) - sum(first.map(({ postage }) => postage)),
    unseenPieces: Number(lastCount) - first.length,
    unseen,
    remaining,
    refunded: sum(day.refunds.filter(ofSet).map(({ amountMills }) => amountMills)),
    returned,
    difference: Math.max(
      control + uncounted - (paid - returned),
      ...controls.map((shown) => shown - paid),
      ...(uncounted > 0 ? [uncounted] : []),
    ),
  };
}
