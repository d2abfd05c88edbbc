import { StoreReader } from '../analytics/index.ts';

/** Scans of a store whose picture gave no symbol. */
export async function unreadScans(db: string): Promise<ReadonlySet<string>> {
  const reader = await StoreReader.open(db);
  const unread = new Set<string>();
  for await (const { scanId, reasons } of reader.verdicts()) if (reasons.includes('no-symbol')) unread.add(scanId);
  reader.close();
  return unread;
}
