import { CODEWORDS_MAX } from './sizes.ts';

/** GF(256) with x^8 + x^5 + x^3 + x^2 + 1 (ISO/IEC 16022, annex E). */
const POLYNOMIAL = 0x12d;
const EXP = new Uint8Array(512);
const LOG = new Int32Array(256);
for (let power = 0, value = 1; power < 255; power++) {
  EXP[power] = value;
  EXP[power + 255] = value;
  LOG[value] = power;
  value <<= 1;
  if (value > 255) value ^= POLYNOMIAL;
}

const CHECKS_MAX = 68;
/** Row j holds the products of every element with a^(j + 1), so that a syndrome costs one look-up a codeword. */
const TIMES_ROOT = new Uint8Array(CHECKS_MAX * 256);
for (let check = 0; check < CHECKS_MAX; check++) {
  for (let value = 1; value < 256; value++) {
    TIMES_ROOT[check * 256 + value] = EXP[(LOG[value] ?? 0) + check + 1] ?? 0;
  }
}

function multiply(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : (EXP[(LOG[a] ?? 0) + (LOG[b] ?? 0)] ?? 0);
}

function divide(a: number, b: number): number {
  return a === 0 ? 0 : (EXP[(LOG[a] ?? 0) + 255 - (LOG[b] ?? 0)] ?? 0);
}

const syndromes = new Uint8Array(CHECKS_MAX);
const locator = new Uint8Array(CHECKS_MAX + 1);
const previous = new Uint8Array(CHECKS_MAX + 1);
const shifted = new Uint8Array(CHECKS_MAX + 1);
const evaluator = new Uint8Array(CHECKS_MAX);
const derivative = new Uint8Array(CHECKS_MAX + 1);
const corrected = new Uint8Array(CODEWORDS_MAX);

/**
 * Corrects one block in place: `erasures` are places whose values are unknown, and errors are found beside them as long
 * as 2 errors + erasures ≤ checks. Returns the number of errors beside the erasures, or -1 when there is no codeword
 * within reach; the block is then as it was.
 */
export function correctBlock(
  block: Uint8Array,
  length: number,
  checks: number,
  erasures: Int32Array,
  erased: number,
): number {
  if (erased > checks) return -1;
  if (!computeSyndromes(block, length, checks)) return 0;
  const degree = findLocator(length, checks, erasures, erased);
  if (degree === -1) return -1;
  computeEvaluator(checks, degree);
  corrected.set(block.subarray(0, length));
  let roots = 0;
  for (let at = 0; at < length; at++) {
    // The codeword at `at` stands for x^(length - 1 - at).
    const inverse = (255 - ((length - 1 - at) % 255)) % 255;
    if (evaluate(locator, degree, inverse) !== 0) continue;
    roots += 1;
    const slope = evaluate(derivative, degree, inverse);
    if (slope === 0) return -1;
    corrected[at] = (corrected[at] ?? 0) ^ divide(evaluate(evaluator, checks - 1, inverse), slope);
  }
  if (roots !== degree || computeSyndromes(corrected, length, checks)) return -1;
  block.set(corrected.subarray(0, length));
  return degree - erased;
}

/** True when one of them is not zero. Four at a time: each waits for its own look-up. */
function computeSyndromes(block: Uint8Array, length: number, checks: number): boolean {
  let any = 0;
  for (let check = 0; check < checks; check += 4) {
    const [t0, t1, t2, t3] = [check * 256, check * 256 + 256, check * 256 + 512, check * 256 + 768];
    let [s0, s1, s2, s3] = [0, 0, 0, 0];
    for (let at = 0; at < length; at++) {
      const value = block[at] ?? 0;
      s0 = (TIMES_ROOT[t0 + s0] ?? 0) ^ value;
      s1 = (TIMES_ROOT[t1 + s1] ?? 0) ^ value;
      s2 = (TIMES_ROOT[t2 + s2] ?? 0) ^ value;
      s3 = (TIMES_ROOT[t3 + s3] ?? 0) ^ value;
    }
    syndromes[check] = s0;
    any |= s0;
    if (check + 1 < checks) any |= syndromes[check + 1] = s1;
    if (check + 2 < checks) any |= syndromes[check + 2] = s2;
    if (check + 3 < checks) any |= syndromes[check + 3] = s3;
  }
  return any !== 0;
}

/** Berlekamp and Massey, begun with the locator of the erasures. Returns its degree, or -1 beyond what is correctable. */
function findLocator(length: number, checks: number, erasures: Int32Array, erased: number): number {
  locator.fill(0);
  locator[0] = 1;
  for (let count = 0; count < erased; count++) {
    const root = EXP[(length - 1 - (erasures[count] ?? 0)) % 255] ?? 0;
    for (let power = count + 1; power > 0; power--) {
      locator[power] = (locator[power] ?? 0) ^ multiply(locator[power - 1] ?? 0, root);
    }
  }
  previous.set(locator);
  let degree = erased;
  for (let step = erased; step < checks; step++) {
    let discrepancy = 0;
    for (let power = 0; power <= Math.min(degree, step); power++) {
      discrepancy ^= multiply(locator[power] ?? 0, syndromes[step - power] ?? 0);
    }
    previous.copyWithin(1, 0, CHECKS_MAX);
    previous[0] = 0;
    if (discrepancy === 0) continue;
    shifted.set(locator);
    for (let power = 0; power <= checks; power++) {
      locator[power] = (locator[power] ?? 0) ^ multiply(previous[power] ?? 0, discrepancy);
    }
    if (2 * degree <= step + erased) {
      degree = step + 1 + erased - degree;
      for (let power = 0; power <= checks; power++) previous[power] = divide(shifted[power] ?? 0, discrepancy);
    }
  }
  if (2 * degree - erased > checks) return -1;
  for (let power = degree + 1; power <= checks; power++) if (locator[power] !== 0) return -1;
  return degree;
}

/** Forney: the product of syndromes and locator below x^checks, and the formal derivative of the locator. */
function computeEvaluator(checks: number, degree: number): void {
  for (let power = 0; power < checks; power++) {
    let sum = 0;
    for (let from = 0; from <= Math.min(power, degree); from++) {
      sum ^= multiply(locator[from] ?? 0, syndromes[power - from] ?? 0);
    }
    evaluator[power] = sum;
  }
  derivative.fill(0);
  for (let power = 1; power <= degree; power += 2) derivative[power - 1] = locator[power] ?? 0;
}

/** The polynomial at a^logX. */
function evaluate(polynomial: Uint8Array, degree: number, logX: number): number {
  let sum = 0;
  for (let power = degree; power >= 0; power--) {
    sum = (sum === 0 ? 0 : (EXP[(LOG[sum] ?? 0) + logX] ?? 0)) ^ (polynomial[power] ?? 0);
  }
  return sum;
}
