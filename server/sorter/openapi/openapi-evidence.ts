import type { ProblemCode } from '../../../api/index.ts';

type Json = Readonly<Record<string, unknown>>;
type ProblemsOf = (codes: readonly ProblemCode[]) => Json;

export function storesOperation(problems: ProblemsOf): Json {
  const schema = {
    type: 'object',
    required: ['stores'],
    properties: { stores: { type: 'array', items: { type: 'string' } } },
  };
  return {
    operationId: 'stores',
    summary: 'Below which paths evidence is given out. For tokens with the role investigator, of all plants.',
    responses: {
      200: {
        description: 'Paths; one that is empty is this address itself.',
        content: { 'application/json': { schema } },
      },
      ...problems(['unauthorized', 'forbidden']),
    },
  };
}

export function evidenceOperation(problems: ProblemsOf): Json {
  return {
    operationId: 'evidence',
    summary: 'A view of the store as it is now. For tokens with the role investigator, of all plants.',
    parameters: [{ name: 'view', in: 'path', required: true, schema: { type: 'string' } }],
    responses: {
      200: {
        description: 'Parquet.',
        content: { 'application/vnd.apache.parquet': { schema: { type: 'string', contentEncoding: 'binary' } } },
      },
      ...problems(['unauthorized', 'forbidden', 'not-found', 'too-busy', 'internal']),
    },
  };
}
