/** Where a benchmark writes its measurements, a line of JSON each; nowhere where it is not set. */
export const MEASUREMENTS_VARIABLE = 'INDICIA_BENCH_MEASUREMENTS';
