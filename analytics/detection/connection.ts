import type { BesideStore } from '../store/side-connections.ts';

/** All that the detectors need of a store: a connection, and a transaction around what they do. */
export type DetectionStore = BesideStore;
export type Connection = DetectionStore['connection'];

/** The single value of the single row; of `create table as`, how many rows it took. */
export async function scalar(connection: Connection, sql: string) {
  const result = await connection.runAndReadAll(sql);
  return result.getRows()[0]?.[0] ?? null;
}
