import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { refuseStatement } from '../../analytics/store/untrusted/check-statement.ts';
import { isObject, type Json } from '../../analytics/store/untrusted/json.ts';
import { MODIFIERS, QUERIES, TABLES } from '../../analytics/store/untrusted/node-shapes.ts';
import { readSyntaxTree } from '../../analytics/store/untrusted/syntax-tree.ts';
import { refuseTree } from '../../analytics/store/untrusted/tree-check.ts';
import { HOGS, HOSTILE_STATEMENTS } from '../support/hostile-statements.ts';

describe("strangers' statements", () => {
  let instance: DuckDBInstance;
  let connection: DuckDBConnection;
  before(async () => {
    instance = await DuckDBInstance.create(':memory:');
    connection = await instance.connect();
  });
  after(() => {
    connection.closeSync();
    instance.closeSync();
  });

  const codeOf = async (sql: string) => (await refuseStatement(connection, sql))?.code ?? null;

  for (const [kind, statements] of Object.entries(HOSTILE_STATEMENTS)) {
    it(`are refused where they try ${kind}`, async () => {
      for (const sql of statements) assert.notEqual(await codeOf(sql), null, sql.slice(0, 200));
    });
  }

  it('are 278 at least in these tests, each another', () => {
    const all = [...Object.values(HOSTILE_STATEMENTS).flat(), ...Object.values(HOGS).flat()];
    assert.ok(all.length >= 278 && new Set(all).size === all.length, `${all.length}`);
  });

  it('are refused by the name of what is not known', async () => {
    const named: readonly (readonly [sql: string, code: string, name: RegExp])[] = [
      [`select "read_text"('x')`, 'unknown-function', /^function read_text /],
      [`from 'x.csv'`, 'unknown-view', /^x\.csv /],
      [`from store.evidence`, 'unknown-node', /^BASE_TABLE\.schema_name /],
      ['select $1', 'unknown-node', /^PARAMETER /],
      ['select 1::mood', 'unknown-type', /^type mood /],
      ['select 1; select 2', 'several-statements', /^one statement at a time: these are 2$/],
      ['pivot scans on plant using count(*)', 'not-a-select', /^only a SELECT/],
      ['selec 1', 'syntax', /syntax error at or near "selec"/],
      [`select ${'('.repeat(51)}1${')'.repeat(51)}`, 'too-deep', /more than 50 deep/],
      [`select '${'a'.repeat(20_000)}'`, 'too-long', /20009 characters/],
    ];
    for (const [sql, code, name] of named) {
      const refusal = await refuseStatement(connection, sql);
      assert.equal(refusal?.code, code, sql);
      assert.match(refusal?.message ?? '', name);
    }
  });

  it('are asked where every part of them is known', async () => {
    for (const sql of HONEST) assert.equal(await refuseStatement(connection, sql), null, sql);
  });

  it('are let through when they only take much: the limits of the process are for these', async () => {
    for (const sql of Object.values(HOGS).flat()) assert.equal(await codeOf(sql), null, sql);
  });

  it('are asked, however honest parts are put together', async () => {
    await fc.assert(
      fc.asyncProperty(honestQuery, async (sql) => assert.equal(await refuseStatement(connection, sql), null, sql)),
      { numRuns: 300 },
    );
  });

  it('are refused by its name wherever an unknown node or field stands', async () => {
    const trees = await Promise.all(HONEST.map((sql) => readSyntaxTree(connection, sql)));
    const name = fc.stringMatching(/^[A-Z]{3,12}_X$/);
    await fc.assert(
      fc.property(fc.constantFrom(...trees), fc.nat(), fc.boolean(), name, (read, at, isField, unknown) => {
        assert.ok('tree' in read);
        const tree = structuredClone(read.tree);
        const nodes = nodesOf(tree);
        const node = nodes[at % nodes.length];
        assert.ok(node !== undefined);
        if (isField) node[unknown] = 'anything';
        else node['class' in node ? 'class' : 'type'] = unknown;
        const refusal = refuseTree(tree);
        assert.equal(refusal?.code, 'unknown-node');
        assert.ok(refusal.message.includes(unknown), refusal.message);
      }),
      { numRuns: 1_000 },
    );
  });
});

const HONEST: readonly string[] = [
  'select 1',
  'from scans',
  'table pieces',
  'values (1, 2), (3, 4)',
  'show tables',
  'describe pieces',
  'describe select plant from scans',
  'summarize verdicts',
  'select disposition, count(*) from verdicts group by all order by all',
  'select * exclude (row_id), * replace (upper(plant) as plant), * rename (plant as place) from scans limit 10 offset 2',
  `select columns('.*_at'), columns(c -> c like 'p%') from scans`,
  'with a as (from scans), b as materialized (select plant from a) from b join a using (plant) where plant in (from b)',
  'with recursive t(n) as (select 1 union all select n + 1 from t where n < 9) from t',
  'from scans s left join plants p on s.plant = p.plant semi join verdicts v using (row_id)',
  'from scans asof join lists on scanned_at >= issued_at',
  'from (select 1 as a union by name select 2 as b) except (select 1, 2)',
  `select case when a > 1 then 'x' else null end, a between 1 and 2, a not in (1, 2), a is distinct from 2, not a is null
   from range(5) t(a), unnest([1, 2]) with ordinality u`,
  `select a::decimal(9, 2), try_cast(a as varchar[]), a::struct(x int, y map(int, double[3])), a::timestamptz, a::json from range(3) t(a)`,
  `select list(a order by b desc nulls last), sum(distinct a) filter (where a > 1), row_number() over (partition by a order by b
   rows between 1 preceding and current row exclude ties), lag(a, 1, 0) over w from range(3) t(a), range(2) s(b) window w as (order by a)`,
  `pivot scans on plant in ('a', 'b') using count(*) group by machine`,
  'from (unpivot rates on weight_grams_max, mills into name n value v)',
  'select count(*) from scans group by grouping sets ((plant), (machine), ())',
  'select distinct on (plant) plant from scans using sample 10%',
  "select date_trunc('day', scanned_at), scanned_at at time zone 'Europe/Rome', interval '1 day', date '2026-11-20' from scans",
  `select {'a': 1}.a, [1, 2][1], [1, 2, 3][1:2], map {'k': 1}, [x * 2 for x in [1, 2] if x > 1], 'ab' like 'a%', x'00', 1.5e3, #1`,
  'select distance_km(1, 2, 3, 4), agreed_median(piece_count) from pieces',
  'select (select max(row_id) from pieces where pieces.row_id = scans.row_id), exists(from verdicts), 1 > all(select 2) from scans',
];

const view = fc.constantFrom('scans', 'pieces', 'verdicts', 'findings', 'licenses_history');
const expression: fc.Arbitrary<string> = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom('row_id', '1', "'a;b'", 'null', "date '2026-11-20'"),
    fc
      .tuple(fc.constantFrom('upper', 'coalesce', 'count', 'list_value', 'abs'), tie('any'))
      .map(([f, a]) => `${f}(${a})`),
    fc
      .tuple(tie('any'), fc.constantFrom('+', '=', 'and', '||', 'is distinct from'), tie('any'))
      .map((t) => `(${t.join(' ')})`),
    tie('any').map((a) => `case when ${a} then ${a}::varchar end`),
    fc.tuple(view, tie('any')).map(([name, a]) => `(select ${a} from ${name} limit 1)`),
    fc.constant('sum(row_id) over (partition by row_id order by row_id)'),
  ),
})).any;
const honestQuery = fc
  .tuple(fc.constantFrom('', 'with a as (from scans) ', 'describe '), expression, view, expression)
  .map(([before, shown, name, where]) => `${before}select ${shown} as x from ${name} where ${where} order by all`);

type Node = Record<string, Json>;

/** Every expression, table, query and modifier of a tree: what a word names. */
function nodesOf(tree: Json): Node[] {
  if (Array.isArray(tree)) return tree.flatMap(nodesOf);
  if (!isObject(tree)) return [];
  const kinds = { ...TABLES, ...QUERIES, ...MODIFIERS };
  const isNode = 'class' in tree || (typeof tree.type === 'string' && tree.type in kinds);
  return [...(isNode ? [tree] : []), ...Object.values(tree).flatMap(nodesOf)];
}
