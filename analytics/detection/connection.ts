import type { BesideStore } from '../store/side-connections.ts';
import { asBigint } from '../store/values.ts';

/** All that the detectors need of a store: a connection, and a transaction around what they do. */
export type DetectionStore = BesideStore;
export type Connection = DetectionStore['connection'];

/** The single value of the single row. */
export async function scalar(connection: Connection, sql: string) {
  const result = await connection.runAndReadAll(sql);
  return result.getRows()[0]?.[0] ?? null;
}

/** Makes a temporary table of what a statement selects, in place of one of that name; returns how many rows it took. */
export async function tableOf(connection: Connection, table: string, sql: string): Promise<bigint> {
  return asBigint(await scalar(connection, `create or replace temp table ${table} as ${sql}`));
}
