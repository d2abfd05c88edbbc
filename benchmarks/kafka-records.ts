import type { ScanRecord } from '../ingest/kafka/index.ts';

/**
 * The simulated post has 14 machines, and by their names one of four partitions would have 6 % of the scans and another 38.
 * So each is eight machines, one after another, as many as a few plants have.
 */
const SHIFTS = 8;
const SHIFT_LINES = 500;

/** A line of a simulated day, by its number, as a producer takes it. */
export function scanRecord(line: string, index: number): ScanRecord {
  const { scanId, machine }: { scanId: string; machine: string } = JSON.parse(line);
  return { line, scanId, machine: `${machine}-${Math.floor(index / SHIFT_LINES) % SHIFTS}` };
}
