import {
  BIGINT,
  type DuckDBConnection,
  type DuckDBType,
  type DuckDBValue,
  INTEGER,
  UBIGINT,
  UINTEGER,
  VARCHAR,
} from '@duckdb/node-api';
import { appendColumns } from './append.ts';

/** What the detectors and investigators need of the registry; keys stay with the verifier. */
export interface RegistryRecords {
  readonly version: number;
  readonly digest: string;
  readonly issuedAtMs: number;
  readonly licenses: readonly {
    readonly license: number;
    readonly holder: string;
    readonly town: string;
    readonly depositPostcode: string;
    readonly psdLimit: number;
    readonly validFromMs: number;
    readonly validToMs: number;
    readonly revokedAtMs: number | null;
  }[];
  readonly grants: readonly {
    readonly license: number;
    readonly psd: string;
    readonly grantedAtMs: number;
    readonly endedAtMs: number | null;
  }[];
  readonly psds: readonly { readonly psd: string; readonly user: string }[];
  readonly funds: readonly {
    readonly license: number;
    readonly psd: string;
    readonly refill: number;
    readonly amountMills: number;
    readonly paidAtMs: number;
  }[];
  readonly refunds: readonly {
    readonly license: number;
    readonly psd: string;
    readonly pieceCount: bigint;
    readonly amountMills: number;
    readonly refundedAtMs: number;
  }[];
  readonly rates: readonly {
    readonly rateCategory: number;
    readonly weightGramsMax: number;
    readonly postageMills: number;
    readonly validFromMs: number;
    readonly validToMs: number;
  }[];
  readonly plants: readonly { readonly plant: string; readonly postcode: string }[];
  readonly withdrawals: readonly {
    readonly license: number;
    readonly psd: string;
    readonly epoch: number;
    readonly pieceCount: bigint;
    readonly ascendingMills: number;
    readonly returnedMills: number;
    readonly withdrawnAtMs: number;
  }[];
}

/** Replaces the registry tables. To be called within a transaction. */
export async function replaceRegistryTables(connection: DuckDBConnection, registry: RegistryRecords): Promise<void> {
  const replace = async (table: string, types: DuckDBType[], rows: readonly DuckDBValue[][]) => {
    await connection.run(`delete from ${table}`);
    await appendColumns(connection, table, types, rows.length, (from, to) => {
      const slice = rows.slice(from, to);
      return types.map((_, column) => slice.map((row) => row[column] ?? null));
    });
  };
  await replace(
    'registry_version',
    [BIGINT, VARCHAR, BIGINT],
    [[BigInt(registry.version), registry.digest, BigInt(registry.issuedAtMs)]],
  );
  await replace(
    'registry_license',
    [BIGINT, VARCHAR, VARCHAR, VARCHAR, BIGINT, BIGINT, BIGINT, BIGINT],
    registry.licenses.map((entry) => [
      BigInt(entry.license),
      entry.holder,
      entry.town,
      entry.depositPostcode,
      BigInt(entry.psdLimit),
      BigInt(entry.validFromMs),
      BigInt(entry.validToMs),
      entry.revokedAtMs === null ? null : BigInt(entry.revokedAtMs),
    ]),
  );
  await replace(
    'registry_grant',
    [BIGINT, VARCHAR, BIGINT, BIGINT],
    registry.grants.map((entry) => [
      BigInt(entry.license),
      entry.psd,
      BigInt(entry.grantedAtMs),
      entry.endedAtMs === null ? null : BigInt(entry.endedAtMs),
    ]),
  );
  await replace(
    'registry_psd',
    [VARCHAR, VARCHAR],
    registry.psds.map((entry) => [entry.psd, entry.user]),
  );
  await replace(
    'registry_funds',
    [BIGINT, VARCHAR, BIGINT, BIGINT, BIGINT],
    registry.funds.map((entry) => [
      BigInt(entry.license),
      entry.psd,
      BigInt(entry.refill),
      BigInt(entry.amountMills),
      BigInt(entry.paidAtMs),
    ]),
  );
  await replace(
    'registry_refund',
    [BIGINT, VARCHAR, UBIGINT, BIGINT, BIGINT],
    registry.refunds.map((entry) => [
      BigInt(entry.license),
      entry.psd,
      entry.pieceCount,
      BigInt(entry.amountMills),
      BigInt(entry.refundedAtMs),
    ]),
  );
  await replace(
    'registry_rate',
    [INTEGER, INTEGER, BIGINT, BIGINT, BIGINT],
    registry.rates.map((entry) => [
      entry.rateCategory,
      entry.weightGramsMax,
      BigInt(entry.postageMills),
      BigInt(entry.validFromMs),
      BigInt(entry.validToMs),
    ]),
  );
  await replace(
    'registry_plant',
    [VARCHAR, VARCHAR],
    registry.plants.map((entry) => [entry.plant, entry.postcode]),
  );
  await replace(
    'registry_withdrawal',
    [BIGINT, VARCHAR, UINTEGER, UBIGINT, BIGINT, BIGINT, BIGINT],
    registry.withdrawals.map((entry) => [
      BigInt(entry.license),
      entry.psd,
      entry.epoch,
      entry.pieceCount,
      BigInt(entry.ascendingMills),
      BigInt(entry.returnedMills),
      BigInt(entry.withdrawnAtMs),
    ]),
  );
}
