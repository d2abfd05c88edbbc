const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** A column of texts in capital letters, without those characters (an SQL text), as SQL. Of ASCII letters only: others stay as they are. */
export function upperTextSql(column: string, without: string): string {
  return `translate(translate(${column}, ${without}, ''), '${LETTERS.toLowerCase()}', '${LETTERS}')`;
}
