/** A member of a group, with what it says it has. */
interface GroupMember {
  readonly id: string;
  readonly owned: readonly number[];
}

/**
 * Shares partitions out evenly and leaves each where it is as far as that allows: a new owner has a
 * store to open, or keys to fetch. Where two say that they have one, it goes to one of them.
 */
export function assignSticky(members: readonly GroupMember[], partitions: number): Map<string, number[]> {
  const ordered = members.toSorted((left, right) => (left.id < right.id ? -1 : 1));
  const assigned = new Map<string, number[]>(ordered.map(({ id }) => [id, []]));
  if (ordered.length === 0) return assigned;
  const share = Math.floor(partitions / ordered.length);
  let extra = partitions % ordered.length;
  const taken = new Set<number>();
  // Those with most first: the shares that are one larger belong to them.
  for (const { id, owned } of ordered.toSorted((left, right) => right.owned.length - left.owned.length)) {
    const mine = assigned.get(id) ?? [];
    const most = share + (extra > 0 ? 1 : 0);
    for (const partition of owned) {
      if (mine.length >= most) break;
      if (partition >= partitions || taken.has(partition)) continue;
      mine.push(partition);
      taken.add(partition);
    }
    if (mine.length > share) extra -= 1;
  }
  for (let partition = 0; partition < partitions; partition++) {
    if (taken.has(partition)) continue;
    const least = [...assigned.values()].reduce((left, right) => (right.length < left.length ? right : left));
    least.push(partition);
  }
  for (const mine of assigned.values()) mine.sort((left, right) => left - right);
  return assigned;
}
