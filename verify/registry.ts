import type { RegistryRecords } from '../indicium/index.ts';
import type { KeyTable } from './key-table.ts';

/** What the postal side knows beforehand: whose key, under which license, on which PSDs, valid when, and what was paid. */
export interface Registry extends RegistryRecords {
  /** From then on the list says nothing any more. */
  readonly expiresAtMs: number;
  readonly keys: KeyTable;
  /** Null where no plant has one. */
  readonly zones: PlantZones | null;
}

/** Time zones of plants, as JSON in memory that threads share: the map of a large post would be copied with every batch. */
export type PlantZones = SharedArrayBuffer;
