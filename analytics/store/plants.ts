import type { DuckDBConnection } from '@duckdb/node-api';
import type { RegistryRecords } from '../../indicium/index.ts';
import { asText } from './values.ts';

/** The plants of the registry that the store knows. */
export async function readPlants(connection: DuckDBConnection): Promise<RegistryRecords['plants']> {
  const result = await connection.runAndReadAll('select plant, postcode, latitude, longitude from plants');
  return result.getRows().map(([plant, postcode, latitude, longitude]) => ({
    plant: asText(plant),
    postcode: asText(postcode),
    ...(typeof latitude === 'number' && { latitude }),
    ...(typeof longitude === 'number' && { longitude }),
  }));
}
