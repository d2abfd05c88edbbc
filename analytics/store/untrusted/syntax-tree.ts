import type { DuckDBConnection } from '@duckdb/node-api';
import { isObject, type Json, type JsonObject } from './json.ts';
import type { Refusal } from './refusal.ts';

type SyntaxTree = { readonly tree: Json } | { readonly refusal: Refusal };

/** The statement as DuckDB's own parser reads it, and nothing bound or run: the tree of its one SELECT, or why it cannot be had. */
export async function readSyntaxTree(connection: DuckDBConnection, sql: string): Promise<SyntaxTree> {
  const result = await connection.runAndReadAll('select json_serialize_sql($1::varchar)', [sql]);
  const tree: Json = JSON.parse(String(result.getRows()[0]?.[0]));
  if (!isObject(tree)) throw new TypeError('the parser gave no tree');
  if (tree.error === true) return { refusal: refusalOf(tree) };
  const { statements } = tree;
  if (!Array.isArray(statements)) throw new TypeError('the parser gave no statements');
  if (statements.length === 0) return { refusal: { code: 'syntax', message: 'there is no statement' } };
  if (statements.length > 1) {
    const message = `one statement at a time: these are ${statements.length}`;
    return { refusal: { code: 'several-statements', message } };
  }
  return { tree: statements[0] ?? null };
}

function refusalOf({ error_type: type, error_message: message }: JsonObject): Refusal {
  if (type === 'not implemented') {
    return {
      code: 'not-a-select',
      message: 'only a SELECT is answered, or what is read as one (FROM, WITH, VALUES, DESCRIBE)',
    };
  }
  return { code: 'syntax', message: String(message) };
}
