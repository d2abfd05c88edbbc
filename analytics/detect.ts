import { readdirSync, readFileSync } from 'node:fs';
import type { Store } from './store/store.ts';
import { asInteger } from './store/values.ts';

const FOLDER = new URL('detectors/', import.meta.url);

/** Each detector is one SQL file: a query whose rows are findings (docs/ARCHITECTURE.md says how to add one). */
export const DETECTORS: readonly { readonly name: string; readonly sql: string }[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.sql'))
  .toSorted()
  .map((file) => ({ name: file.slice(0, -'.sql'.length), sql: readFileSync(new URL(file, FOLDER), 'utf8') }));

/** Runs every detector over all evidence and replaces the stored findings; returns how many there are. */
export async function detect(store: Store): Promise<number> {
  await store.transaction(async () => {
    await store.connection.run('delete from finding');
    for (const { sql } of DETECTORS) {
      await store.connection.run(
        `insert into finding select kind, severity, license, psd, scan_ids, detail from (${sql})
         order by license, psd, scan_ids`,
      );
    }
  });
  const count = await store.connection.runAndReadAll('select count(*) from finding');
  return asInteger(count.getRows()[0]?.[0]);
}
