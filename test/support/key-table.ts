import type { KeyRecord } from '../../indicium/index.ts';
import type { GrantedLicense } from '../../verify/authorization.ts';
import { type KeyTable, KeyTableBuilder } from '../../verify/key-table.ts';

/** Packs records; those that are refused are left out and named. */
export function buildKeyTable(
  records: Iterable<KeyRecord>,
  licenses: ReadonlyMap<number, GrantedLicense>,
): Pick<KeyTableBuilder, 'refused'> & { readonly table: KeyTable } {
  const builder = new KeyTableBuilder();
  for (const record of records) builder.add(record, licenses.get(record.license));
  return { table: builder.finish(), refused: builder.refused };
}
