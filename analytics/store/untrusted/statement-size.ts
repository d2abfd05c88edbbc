import { STATEMENT_CHARACTERS_MAX, STATEMENT_DEPTH_MAX } from '../../limits.ts';
import type { Refusal } from './refusal.ts';

/**
 * Bounds the text before the parser sees it, whose own stack overflows on deep nesting. Brackets within texts and comments
 * count, too: nobody needs a hundred of them open there.
 */
export function refuseSize(sql: string): Refusal | null {
  if (sql.length > STATEMENT_CHARACTERS_MAX) {
    return {
      code: 'too-long',
      message: `${sql.length} characters: a statement has ${STATEMENT_CHARACTERS_MAX} at most`,
    };
  }
  // The binding ends a statement there, so that another text would be asked than the one that was looked at.
  if (sql.includes('\0')) return { code: 'syntax', message: 'a character of code 0 in the statement' };
  let depth = 0;
  for (const character of sql) {
    if ('([{'.includes(character)) depth += 1;
    else if (')]}'.includes(character)) depth = Math.max(0, depth - 1);
    if (depth > STATEMENT_DEPTH_MAX) return tooDeep('brackets');
  }
  return null;
}

export function tooDeep(what: string): Refusal {
  return { code: 'too-deep', message: `${what} are nested more than ${STATEMENT_DEPTH_MAX} deep` };
}
