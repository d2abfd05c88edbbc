import type { TSchema } from 'typebox';
import {
  Answer,
  AnswerFields,
  AnswerOrProblem,
  AnswerReason,
  AnswerTimings,
  BatchAnswer,
  BatchRequest,
  Health,
  Problem,
  ScanRequest,
} from '../../../api/index.ts';

/** Schemas by the name under which others refer to them. */
const NAMED: Readonly<Record<string, TSchema>> = {
  ScanRequest,
  BatchRequest,
  Answer,
  AnswerReason,
  AnswerFields,
  AnswerTimings,
  AnswerOrProblem,
  BatchAnswer,
  Problem,
  Health,
};

/** All of them as JSON, each referred to by its name in the others. */
export function namedSchemas(): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(NAMED).map(([name, schema]) => [name, inlined(name, schema)]));
}

export function reference(name: string): { readonly $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}

/** A schema as JSON, with the other named ones in it referred to by their names. */
function inlined(own: string, schema: TSchema): unknown {
  const names = new Map(Object.entries(NAMED).map(([name, named]) => [titleOf(named) ?? name, name]));
  const visit = (value: unknown, isRoot: boolean): unknown => {
    if (Array.isArray(value)) return value.map((item) => visit(item, false));
    if (typeof value !== 'object' || value === null) return value;
    const name = 'title' in value && typeof value.title === 'string' ? names.get(value.title) : undefined;
    if (!isRoot && name !== undefined && name !== own) return reference(name);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visit(item, false)]));
  };
  return visit(JSON.parse(JSON.stringify(schema)), true);
}

function titleOf(schema: TSchema): string | undefined {
  return 'title' in schema && typeof schema.title === 'string' ? schema.title : undefined;
}
