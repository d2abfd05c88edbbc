import { AssertionError } from 'node:assert';

/**
 * Stands where a value is missing only if an invariant is broken: `offsets[row] ?? missing('row')`. In place of a function that
 * takes the array, so that each place in the code keeps the type of its own array (V8 tells them apart by place).
 *
 * @throws AssertionError
 */
export function missing(what: string): never {
  throw new AssertionError({ message: `missing: ${what}` });
}
