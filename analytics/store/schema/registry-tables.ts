import {
  BIGINT,
  DOUBLE,
  type DuckDBType,
  type DuckDBValue,
  INTEGER,
  UBIGINT,
  UINTEGER,
  VARCHAR,
} from '@duckdb/node-api';
import type { RegistryRecords } from '../../../indicium/index.ts';

/** One table of the registry: its columns, and its rows as a trust list has them. */
export interface RegistryTable {
  readonly table: string;
  readonly columns: readonly (readonly [name: string, type: DuckDBType])[];
  readonly rows: (registry: RegistryRecords) => readonly DuckDBValue[][];
}

const big = (value: number | null): bigint | null => (value === null ? null : BigInt(value));

export const REGISTRY_TABLES: readonly RegistryTable[] = [
  {
    table: 'registry_license',
    columns: [
      ['license', BIGINT],
      ['holder', VARCHAR],
      ['town', VARCHAR],
      ['deposit_postcode', VARCHAR],
      ['psd_limit', BIGINT],
      ['valid_from_ms', BIGINT],
      ['valid_to_ms', BIGINT],
      ['revoked_at_ms', BIGINT],
    ],
    rows: ({ licenses }) =>
      licenses.map((entry) => [
        big(entry.license),
        entry.holder,
        entry.town,
        entry.depositPostcode,
        big(entry.psdLimit),
        big(entry.validFromMs),
        big(entry.validToMs),
        big(entry.revokedAtMs),
      ]),
  },
  {
    table: 'registry_grant',
    columns: [
      ['license', BIGINT],
      ['psd', VARCHAR],
      ['granted_at_ms', BIGINT],
      ['ended_at_ms', BIGINT],
    ],
    rows: ({ grants }) =>
      grants.map((entry) => [big(entry.license), entry.psd, big(entry.grantedAtMs), big(entry.endedAtMs)]),
  },
  {
    table: 'registry_psd',
    columns: [
      ['psd', VARCHAR],
      ['user_name', VARCHAR],
    ],
    rows: ({ psds }) => psds.map((entry) => [entry.psd, entry.user]),
  },
  {
    table: 'registry_funds',
    columns: [
      ['license', BIGINT],
      ['psd', VARCHAR],
      ['refill', BIGINT],
      ['amount_mills', BIGINT],
      ['paid_at_ms', BIGINT],
    ],
    rows: ({ funds }) =>
      funds.map((entry) => [
        big(entry.license),
        entry.psd,
        big(entry.refill),
        big(entry.amountMills),
        big(entry.paidAtMs),
      ]),
  },
  {
    table: 'registry_refund',
    columns: [
      ['license', BIGINT],
      ['psd', VARCHAR],
      ['piece_count', UBIGINT],
      ['amount_mills', BIGINT],
      ['refunded_at_ms', BIGINT],
    ],
    rows: ({ refunds }) =>
      refunds.map((entry) => [
        big(entry.license),
        entry.psd,
        entry.pieceCount,
        big(entry.amountMills),
        big(entry.refundedAtMs),
      ]),
  },
  {
    table: 'registry_rate',
    columns: [
      ['rate_category', INTEGER],
      ['weight_grams_max', INTEGER],
      ['postage_mills', BIGINT],
      ['valid_from_ms', BIGINT],
      ['valid_to_ms', BIGINT],
    ],
    rows: ({ rates }) =>
      rates.map((entry) => [
        entry.rateCategory,
        entry.weightGramsMax,
        big(entry.postageMills),
        big(entry.validFromMs),
        big(entry.validToMs),
      ]),
  },
  {
    table: 'registry_plant',
    columns: [
      ['plant', VARCHAR],
      ['postcode', VARCHAR],
      ['latitude', DOUBLE],
      ['longitude', DOUBLE],
    ],
    rows: ({ plants }) =>
      plants.map((entry) => [entry.plant, entry.postcode, entry.latitude ?? null, entry.longitude ?? null]),
  },
  {
    table: 'registry_withdrawal',
    columns: [
      ['license', BIGINT],
      ['psd', VARCHAR],
      ['epoch', UINTEGER],
      ['piece_count', UBIGINT],
      ['ascending_mills', BIGINT],
      ['returned_mills', BIGINT],
      ['withdrawn_at_ms', BIGINT],
    ],
    rows: ({ withdrawals }) =>
      withdrawals.map((entry) => [
        big(entry.license),
        entry.psd,
        entry.epoch,
        entry.pieceCount,
        big(entry.ascendingMills),
        big(entry.returnedMills),
        big(entry.withdrawnAtMs),
      ]),
  },
];
