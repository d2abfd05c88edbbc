import { STATEMENT_DEPTH_MAX } from '../../limits.ts';
import { PUBLIC_VIEW_NAMES } from '../schema/public-views.ts';
import { FUNCTIONS, TABLE_FUNCTIONS } from './allowed-functions.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import {
  CTE,
  EXPRESSION_TYPES,
  EXPRESSIONS,
  MODIFIERS,
  type Part,
  QUERIES,
  RECORDS,
  type Shape,
  TABLES,
  TYPE_FIELDS,
  TYPES,
} from './node-shapes.ts';
import type { Refusal } from './refusal.ts';
import { tooDeep } from './statement-size.ts';

/** Where the walk is: names of queries that a WITH defined around it, and how deep. */
interface Scope {
  readonly names: ReadonlySet<string>;
  readonly depth: number;
}

/**
 * Walks the whole tree of a statement, as syntax-tree.ts gives it. Views, functions, types, kinds of nodes and their fields must be
 * known; the first that is not is refused by its name.
 */
export function refuseTree(statement: Json): Refusal | null {
  return refusePart(statement, 'statement', { names: new Set(), depth: 0 });
}

function refusePart(value: Json | undefined, part: Part, scope: Scope): Refusal | null {
  if (isNothing(value)) return null;
  if (scope.depth > DEPTH_MAX) return tooDeep('expressions and queries');
  if (part === 'data') return null;
  const inner = { ...scope, depth: scope.depth + 1 };
  if (Array.isArray(value)) return firstRefusal(value, (item) => refusePart(item, part, inner));
  if (part === 'plain') return isObject(value) ? unknownNode(nameOf(value)) : null;
  if (!isObject(value)) return unknownNode(`${part} ${JSON.stringify(value)}`);
  switch (part) {
    case 'empty':
      return unknownNode(nameOf(value));
    case 'expression':
      return refuseExpression(value, inner);
    case 'table':
      return refuseTable(value, inner);
    case 'query':
      return refuseQuery(value, inner);
    case 'modifier':
      return refuseKind(value, MODIFIERS, value.type, inner);
    case 'type':
      return refuseType(value, inner);
    case 'ctes':
      return unknownNode('cte_map');
    default:
      return refuseFields(value, RECORDS[part], part, inner);
  }
}

/** A level of SQL is up to three of the tree: an expression, its list, and the query around it. */
const DEPTH_MAX = 3 * STATEMENT_DEPTH_MAX;

function refuseExpression(node: JsonObject, scope: Scope): Refusal | null {
  const isFunction = node.class === 'FUNCTION' || node.class === 'WINDOW';
  const isKnown = node.class === 'WINDOW' || EXPRESSION_TYPES.has(String(node.type));
  return (
    (isFunction ? refuseFunction(node, FUNCTIONS) : null) ??
    refuseKind(node, EXPRESSIONS, node.class, scope) ??
    (isKnown ? null : unknownNode(shown(node.type)))
  );
}

function refuseTable(node: JsonObject, scope: Scope): Refusal | null {
  if (node.type === 'TABLE_FUNCTION') {
    const { function: call } = node;
    if (!isObject(call) || call.class !== 'FUNCTION') return unknownNode(nameOf(call));
    const { function: _, ...others } = node;
    return (
      refuseFunction(call, TABLE_FUNCTIONS) ??
      refuseKind(call, EXPRESSIONS, 'FUNCTION', scope) ??
      refuseKind(others, TABLES, node.type, scope)
    );
  }
  return (
    refuseKind(node, TABLES, node.type, scope) ??
    (node.type === 'BASE_TABLE' ? refuseView(node.table_name, scope) : null) ??
    (node.type === 'SHOW_REF' ? refuseShow(node) : null)
  );
}

function refuseFunction({ function_name: name, schema }: JsonObject, allowed: ReadonlySet<string>): Refusal | null {
  if (!isNothing(schema) && schema !== 'main') {
    return {
      code: 'unknown-function',
      message: `function ${shown(schema)}.${shown(name)}: functions have no schema here`,
    };
  }
  if (typeof name === 'string' && allowed.has(name.toLowerCase())) return null;
  return { code: 'unknown-function', message: `function ${shown(name)} is not one of those that are allowed here` };
}

function refuseView(name: Json | undefined, { names }: Scope): Refusal | null {
  const wanted = String(name).toLowerCase();
  if (names.has(wanted) || PUBLIC_VIEW_NAMES.includes(wanted)) return null;
  return { code: 'unknown-view', message: `${shown(name)} is not one of the views, which 'show tables' lists` };
}

/** `show tables` and what describes a query: all else of SHOW names what is not a view. */
function refuseShow({ show_type: type, table_name: name, query }: JsonObject): Refusal | null {
  if (type === 'SHOW_UNQUALIFIED' && name === '"tables"') return null;
  if ((type === 'DESCRIBE' || type === 'SUMMARY') && isNothing(name) && isObject(query)) return null;
  return {
    code: 'unknown-view',
    message: `SHOW ${shown(name)}: only 'show tables' and 'describe VIEW' are answered here`,
  };
}

/** Each name of a WITH is known to those after it and to the query; within itself, only to the second part of a recursive one. */
function refuseQuery(node: JsonObject, scope: Scope): Refusal | null {
  const { cte_map: ctes, ...others } = node;
  const names = new Set(scope.names);
  for (const entry of entriesOf(ctes)) {
    if (!isObject(entry)) return unknownNode('cte_map');
    const { key, value } = entry;
    if (typeof key !== 'string' || !isObject(value)) return unknownNode('cte_map');
    const refusal = refuseFields(value, CTE, 'cte_map', { ...scope, names: new Set(names) });
    if (refusal !== null) return refusal;
    names.add(key.toLowerCase());
  }
  const inner = { ...scope, names };
  if (node.type !== 'RECURSIVE_CTE_NODE') return refuseKind(others, QUERIES, node.type, inner);
  const { right, ...first } = others;
  const itself = { ...inner, names: new Set(names).add(String(node.cte_name).toLowerCase()) };
  return refuseKind(first, QUERIES, node.type, inner) ?? refusePart(right, 'query', itself);
}

function entriesOf(ctes: Json | undefined): readonly Json[] {
  return isObject(ctes) && Array.isArray(ctes.map) && Object.keys(ctes).length === 1
    ? ctes.map
    : isNothing(ctes)
      ? []
      : [null];
}

function refuseType(type: JsonObject, scope: Scope): Refusal | null {
  const { id, type_info: info, ...others } = type;
  if (isJson(type)) return null;
  if (typeof id !== 'string' || !TYPES.has(id) || Object.keys(others).length > 0) {
    const name = isObject(info) && typeof info.name === 'string' ? info.name : id;
    return { code: 'unknown-type', message: `type ${shown(name)} is not one of those that are allowed here` };
  }
  return isNothing(info) ? null : refuseTypeInfo(info, scope);
}

/** JSON is a type of an extension that is built in, and is known by its name alone. */
function isJson({ id, type_info: info }: JsonObject): boolean {
  if (id !== 'UNBOUND' || !isObject(info) || String(info.name).toLowerCase() !== 'json') return false;
  return [info.catalog, info.schema, info.user_type_modifiers, info.extension_info].every(isNothing);
}

function refuseTypeInfo(info: Json, scope: Scope): Refusal | null {
  if (!isObject(info)) return unknownNode('type_info');
  return firstRefusal(Object.entries(info), ([field, value]) => {
    if (isNothing(value) || (TYPE_FIELDS.has(field) && typeof value !== 'object')) return null;
    if (field === 'child_type') return refusePart(value, 'type', scope);
    if (field !== 'child_types' || !Array.isArray(value)) return unknownNode(`${nameOf(info)}.${field}`);
    return firstRefusal(value, (child) => {
      if (!isObject(child) || typeof child.first !== 'string') return unknownNode(`${nameOf(info)}.${field}`);
      return refusePart(child.second, 'type', scope);
    });
  });
}

function refuseKind(
  node: JsonObject,
  kinds: Readonly<Record<string, Shape>>,
  kind: Json | undefined,
  scope: Scope,
): Refusal | null {
  const shape = typeof kind === 'string' && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  return shape === undefined ? unknownNode(shown(kind)) : refuseFields(node, shape, String(kind), scope);
}

function refuseFields(node: JsonObject, shape: Shape, name: string, scope: Scope): Refusal | null {
  return firstRefusal(Object.entries(node), ([field, value]) => {
    if (isNothing(value)) return null;
    const part = Object.hasOwn(shape, field) ? shape[field] : undefined;
    return part === undefined || part === 'empty' ? unknownNode(`${name}.${field}`) : refusePart(value, part, scope);
  });
}

function firstRefusal<Item>(items: readonly Item[], refuse: (item: Item) => Refusal | null): Refusal | null {
  for (const item of items) {
    const refusal = refuse(item);
    if (refusal !== null) return refusal;
  }
  return null;
}

function unknownNode(name: string): Refusal {
  return { code: 'unknown-node', message: `${name} is not one of the parts of a statement that are allowed here` };
}

function nameOf(value: Json | undefined): string {
  return isObject(value) ? shown(value.class ?? value.type ?? 'object') : shown(value);
}

function shown(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

/** What a field holds that is not used. */
function isNothing(value: Json | undefined): value is undefined | null | false | '' | readonly [] {
  return (
    value === undefined ||
    value === null ||
    value === false ||
    value === '' ||
    (Array.isArray(value) && value.length === 0)
  );
}
