import { DuckDBAppender, DuckDBConnection } from '@duckdb/node-api';
import { Anchor } from '../../analytics/store/audit/anchor.ts';

/** Points of the work of recording that `atPoint` knows by itself. */
export const RECORDING_POINTS = [
  'after-begin',
  'between-appends',
  'before-commit',
  'after-commit',
  'before-anchor',
  'after-anchor',
] as const;

/**
 * Does something to this process when its work comes to the named point, after having passed it some times. Gives a
 * function to call at points of the caller's own.
 */
export function atPoint(named: string, passes: number, act: () => void): (point: string) => void {
  let left = passes;
  const reach = (point: string) => {
    if (point !== named) return;
    left -= 1;
    if (left === -1) act();
  };
  const append = DuckDBAppender.prototype.appendDataChunk;
  DuckDBAppender.prototype.appendDataChunk = function (chunk) {
    append.call(this, chunk);
    reach('between-appends');
  };
  const run = DuckDBConnection.prototype.run;
  DuckDBConnection.prototype.run = async function (...call) {
    if (call[0] === 'commit') reach('before-commit');
    const result = await run.apply(this, call);
    if (call[0] === 'begin') reach('after-begin');
    if (call[0] === 'commit') reach('after-commit');
    return result;
  };
  const write = Anchor.prototype.write;
  Anchor.prototype.write = function (end) {
    reach('before-anchor');
    write.call(this, end);
    reach('after-anchor');
  };
  return reach;
}
