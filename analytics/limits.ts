/**
 * Pages of the sightings index held in memory. A page holds 64 pieces of one register set in 2 kB, so this many take
 * about 4 GB and 128 million pieces; a run that needs more stops with a clear error instead of forgetting pieces.
 */
export const SIGHTING_PAGES_MAX = 2_000_000;

/** Different sightings remembered for one piece count; beyond them a piece goes to a person at least. */
export const SIGHTINGS_PER_PIECE_MAX = 32;

/** Plants told apart; further names count as unknown. The world's posts have some 10,000 sorting plants. */
export const PLANTS_MAX = 1_000_000;

/** Rows of a query that the command line prints before it stops. */
export const QUERY_ROWS_MAX = 1_000_000;

/** DuckDB's own memory for one store. */
export const STORE_MEMORY = '2GB';
