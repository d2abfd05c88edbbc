/**
 * What a field of a node may hold. `plain`: a text, number or flag, or a list of these. `data`: a constant, in which nothing is
 * looked up or carried out. `empty`: nothing but null, false, '' or an empty list. All others hold nothing or what they say, alone
 * or in lists.
 */
export type Part =
  | 'plain'
  | 'data'
  | 'empty'
  | 'type'
  | 'expression'
  | 'table'
  | 'query'
  | 'statement'
  | 'modifier'
  | 'order'
  | 'sample'
  | 'case'
  | 'ctes'
  | 'replacement'
  | 'column'
  | 'renaming'
  | 'pivot'
  | 'pivot-entry'
  | 'value';

export type Shape = Readonly<Record<string, Part>>;

/** In every expression. */
const EXPRESSION: Shape = { class: 'plain', type: 'plain', alias: 'plain', query_location: 'plain' };
/** In every table. */
const TABLE: Shape = { type: 'plain', alias: 'plain', sample: 'sample', query_location: 'plain' };
/** In every query. */
const QUERY: Shape = { type: 'plain', modifiers: 'modifier', cte_map: 'ctes' };

/**
 * The nodes that DuckDB 1.5 makes of honest statements, by the word that names their kind (`class` of expressions, `type` of tables,
 * queries and modifiers), with all of their fields. The tree has no specification: a kind or field that is not here is refused by its
 * name, and the version of DuckDB is pinned. Not here, among others: PARAMETER, DEFAULT, COLUMN_DATA, DELIM_GET.
 */
export const EXPRESSIONS: Readonly<Record<string, Shape>> = {
  BETWEEN: { ...EXPRESSION, input: 'expression', lower: 'expression', upper: 'expression' },
  CASE: { ...EXPRESSION, case_checks: 'case', else_expr: 'expression' },
  CAST: { ...EXPRESSION, child: 'expression', cast_type: 'type', try_cast: 'plain' },
  COLLATE: { ...EXPRESSION, child: 'expression', collation: 'plain' },
  COLUMN_REF: { ...EXPRESSION, column_names: 'plain' },
  COMPARISON: { ...EXPRESSION, left: 'expression', right: 'expression' },
  CONJUNCTION: { ...EXPRESSION, children: 'expression' },
  CONSTANT: { ...EXPRESSION, value: 'value' },
  FUNCTION: {
    ...EXPRESSION,
    function_name: 'plain',
    schema: 'plain',
    catalog: 'empty',
    children: 'expression',
    filter: 'expression',
    order_bys: 'modifier',
    distinct: 'plain',
    is_operator: 'plain',
    export_state: 'empty',
  },
  LAMBDA: { ...EXPRESSION, lhs: 'expression', expr: 'expression' },
  OPERATOR: { ...EXPRESSION, children: 'expression' },
  POSITIONAL_REFERENCE: { ...EXPRESSION, index: 'plain' },
  STAR: {
    ...EXPRESSION,
    relation_name: 'plain',
    exclude_list: 'plain',
    replace_list: 'replacement',
    columns: 'plain',
    expr: 'expression',
    qualified_exclude_list: 'column',
    rename_list: 'renaming',
  },
  SUBQUERY: {
    ...EXPRESSION,
    subquery_type: 'plain',
    subquery: 'statement',
    child: 'expression',
    comparison_type: 'plain',
  },
  WINDOW: {
    ...EXPRESSION,
    function_name: 'plain',
    schema: 'plain',
    catalog: 'empty',
    children: 'expression',
    partitions: 'expression',
    orders: 'order',
    start: 'plain',
    end: 'plain',
    start_expr: 'expression',
    end_expr: 'expression',
    offset_expr: 'expression',
    default_expr: 'expression',
    ignore_nulls: 'plain',
    filter_expr: 'expression',
    exclude_clause: 'plain',
    distinct: 'plain',
    arg_orders: 'order',
  },
};

export const TABLES: Readonly<Record<string, Shape>> = {
  BASE_TABLE: {
    ...TABLE,
    schema_name: 'empty',
    table_name: 'plain',
    column_name_alias: 'plain',
    catalog_name: 'empty',
    at_clause: 'empty',
  },
  EMPTY: TABLE,
  EXPRESSION_LIST: { ...TABLE, expected_names: 'plain', expected_types: 'type', values: 'expression' },
  JOIN: {
    ...TABLE,
    left: 'table',
    right: 'table',
    condition: 'expression',
    join_type: 'plain',
    ref_type: 'plain',
    using_columns: 'plain',
    delim_flipped: 'empty',
    duplicate_eliminated_columns: 'empty',
  },
  PIVOT: {
    ...TABLE,
    source: 'table',
    aggregates: 'expression',
    unpivot_names: 'plain',
    pivots: 'pivot',
    groups: 'plain',
    column_name_alias: 'plain',
    include_nulls: 'plain',
  },
  SHOW_REF: {
    ...TABLE,
    table_name: 'plain',
    query: 'query',
    show_type: 'plain',
    catalog_name: 'empty',
    schema_name: 'empty',
  },
  SUBQUERY: { ...TABLE, subquery: 'statement', column_name_alias: 'plain' },
  TABLE_FUNCTION: { ...TABLE, function: 'expression', column_name_alias: 'plain', with_ordinality: 'plain' },
};

export const QUERIES: Readonly<Record<string, Shape>> = {
  SELECT_NODE: {
    ...QUERY,
    select_list: 'expression',
    from_table: 'table',
    where_clause: 'expression',
    group_expressions: 'expression',
    group_sets: 'plain',
    aggregate_handling: 'plain',
    having: 'expression',
    sample: 'sample',
    qualify: 'expression',
  },
  SET_OPERATION_NODE: { ...QUERY, setop_type: 'plain', setop_all: 'plain', left: 'query', right: 'query' },
  RECURSIVE_CTE_NODE: {
    ...QUERY,
    cte_name: 'plain',
    union_all: 'plain',
    left: 'query',
    right: 'query',
    aliases: 'plain',
    key_targets: 'expression',
  },
};

export const MODIFIERS: Readonly<Record<string, Shape>> = {
  DISTINCT_MODIFIER: { type: 'plain', distinct_on_targets: 'expression' },
  LIMIT_MODIFIER: { type: 'plain', limit: 'expression', offset: 'expression' },
  LIMIT_PERCENT_MODIFIER: { type: 'plain', limit: 'expression', offset: 'expression' },
  ORDER_MODIFIER: { type: 'plain', orders: 'order' },
};

/** Parts of which there is one kind, so that no word names it. */
export const RECORDS = {
  statement: { node: 'query', named_param_map: 'empty' },
  order: { type: 'plain', null_order: 'plain', expression: 'expression' },
  sample: { sample_size: 'value', is_percentage: 'plain', method: 'plain', seed: 'plain' },
  case: { when_expr: 'expression', then_expr: 'expression' },
  replacement: { key: 'plain', value: 'expression' },
  column: { catalog: 'empty', schema: 'empty', table: 'plain', column: 'plain' },
  renaming: { key: 'column', value: 'plain' },
  // An enumeration by its name would be looked up.
  pivot: { pivot_expressions: 'expression', unpivot_names: 'plain', entries: 'pivot-entry', pivot_enum: 'empty' },
  'pivot-entry': { values: 'value', star_expr: 'expression', alias: 'plain' },
  value: { type: 'type', is_null: 'plain', value: 'data' },
} as const satisfies Readonly<Record<string, Shape>>;

/** What `type` says of an expression beside its class, but for windows, which have a type for each function. */
export const EXPRESSION_TYPES: ReadonlySet<string> = new Set(
  (
    'COMPARE_BETWEEN CASE_EXPR OPERATOR_CAST COLLATE COLUMN_REF COMPARE_EQUAL COMPARE_NOTEQUAL COMPARE_LESSTHAN ' +
    'COMPARE_GREATERTHAN COMPARE_LESSTHANOREQUALTO COMPARE_GREATERTHANOREQUALTO COMPARE_DISTINCT_FROM ' +
    'COMPARE_NOT_DISTINCT_FROM COMPARE_IN COMPARE_NOT_IN CONJUNCTION_AND CONJUNCTION_OR VALUE_CONSTANT FUNCTION LAMBDA ' +
    'OPERATOR_NOT OPERATOR_IS_NULL OPERATOR_IS_NOT_NULL OPERATOR_COALESCE OPERATOR_NULLIF OPERATOR_TRY OPERATOR_UNPACK ' +
    'GROUPING_FUNCTION ARRAY_EXTRACT ARRAY_SLICE ARRAY_CONSTRUCTOR STRUCT_EXTRACT ARROW POSITIONAL_REFERENCE STAR SUBQUERY'
  ).split(' '),
);

/** A named query in a WITH, whose name the walk puts into scope. */
export const CTE: Shape = { aliases: 'plain', query: 'statement', materialized: 'plain', key_targets: 'expression' };

/** Types that a cast may name. UNBOUND, which DuckDB looks up by its name, is only JSON: an ENUM is one, too. */
export const TYPES: ReadonlySet<string> = new Set(
  (
    'NULL BOOLEAN TINYINT SMALLINT INTEGER BIGINT HUGEINT UTINYINT USMALLINT UINTEGER UBIGINT UHUGEINT FLOAT DOUBLE DECIMAL ' +
    'VARCHAR CHAR BLOB BIT BIGNUM UUID DATE TIME TIME_NS TIMESTAMP TIMESTAMP_S TIMESTAMP_MS TIMESTAMP_NS INTERVAL ' +
    'INTEGER_LITERAL STRING_LITERAL LIST ARRAY STRUCT MAP'
  )
    .split(' ')
    .concat('TIME WITH TIME ZONE', 'TIMESTAMP WITH TIME ZONE'),
);

/** What a type may say of itself beside its name. */
export const TYPE_FIELDS: ReadonlySet<string> = new Set(['type', 'width', 'scale', 'size', 'collation']);
