import { readFileSync } from 'node:fs';

const FOLDER = new URL('./', import.meta.url);

/** Views of register sets: the books see only the rows of the license $1 and the PSD $2, or all where these are null. */
const RESTRICTED_VIEWS = ['pieces', 'funds', 'refunds', 'withdrawals'] as const;
const RESTRICTION = '($1::bigint is null or license = $1::bigint) and ($2::varchar is null or psd = $2::varchar)';

/** Files that others read from by the name of the block, each after those that it reads from itself. */
const BLOCKS = {
  marks: 'marks.sql',
  gaps: 'gaps.sql',
  newest: 'newest.sql',
  short_steps: 'short-steps.sql',
  sets: 'set.sql',
  deposits: 'deposits.sql',
} as const;

/** One file of analytics/books over its blocks. DuckDB leaves out blocks and columns that it does not read. */
export function bookSql(file: string, orderBy: string): string {
  const relations = [
    ...RESTRICTED_VIEWS.map((view) => `${view} as (from main.${view} where ${RESTRICTION})`),
    ...Object.entries(BLOCKS).map(([name, block]) => `${name} as (${readSql(block)})`),
  ];
  return `with ${relations.join(',\n')}\nfrom (${readSql(file)}) order by ${orderBy}`;
}

/** The file stands on lines of its own, since its last one may be a comment. */
function readSql(file: string): string {
  return `\n${readFileSync(new URL(file, FOLDER), 'utf8')}\n`;
}
