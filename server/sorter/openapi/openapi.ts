import { PROBLEM_CODES, PROBLEMS, type ProblemCode, SCAN_HEADERS } from '../../../api/index.ts';
import { IMAGE_TYPES } from '../../../indicium/index.ts';
import { evidenceOperation, storesOperation } from './openapi-evidence.ts';
import { EXAMPLES } from './openapi-examples.ts';
import { namedSchemas, reference } from './openapi-schemas.ts';

type Json = Readonly<Record<string, unknown>>;

const SORTER_PROBLEMS = ['bad-request', 'unauthorized', 'forbidden', 'timeout', 'body-too-large'] as const;
const BUSY_PROBLEMS = [
  'unsupported-media-type',
  'too-busy',
  'draining',
  'starting',
  'store-paused',
  'internal',
] as const;
/** Of every request. */
const FOREIGN_PROBLEMS = ['bad-request', 'foreign-origin', 'foreign-host'] as const;
const POST_PROBLEMS: readonly ProblemCode[] = [...SORTER_PROBLEMS, ...BUSY_PROBLEMS];
const BINARY = { type: 'string', contentEncoding: 'binary' };

/** The sorter's API as OpenAPI 3.1, made from the schemas that validate. */
export function openApi(): Json {
  return {
    openapi: '3.1.1',
    info: {
      title: "Indicia: the sorter's API",
      version: '1',
      description: 'Verdicts about scanned indicia before the divert gate, durable before they are given.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: 'http://127.0.0.1:8080' }],
    security: [{ token: [] }],
    paths: {
      '/v1/verdicts': { post: singleOperation() },
      '/v1/verdicts:batch': { post: batchOperation() },
      '/v1/verdicts:stream': { post: streamOperation() },
      '/v1/verdicts/{scanId}': { get: lookUpOperation() },
      '/v1/verdicts:late': { get: lateOperation() },
      '/livez': { get: healthOperation('livez', 'Whether it gets on.') },
      '/readyz': { get: healthOperation('readyz', 'Whether scans may be sent here.') },
      '/metrics': {
        get: {
          operationId: 'metrics',
          summary: 'Metrics for Prometheus. For tokens with the role metrics.',
          responses: {
            200: { description: 'Metrics.', content: { 'text/plain': { schema: { type: 'string' } } } },
            ...problems(['unauthorized', 'forbidden']),
          },
        },
      },
      '/v1/stores': { get: storesOperation(problems) },
      '/v1/evidence/{view}.parquet': { get: evidenceOperation(problems) },
      '/openapi.json': {
        get: {
          operationId: 'openapi',
          summary: 'This document.',
          security: [],
          responses: {
            200: { description: 'OpenAPI 3.1.', content: { 'application/json': { schema: { type: 'object' } } } },
            304: { description: 'What If-None-Match names.' },
            ...problems([]),
          },
        },
      },
    },
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: namedSchemas(),
      responses: Object.fromEntries(PROBLEM_CODES.map((code) => [code, problemResponse(code)])),
    },
  };
}

function singleOperation(): Json {
  const raw = { schema: BINARY };
  const image = { schema: { ...BINARY, description: 'The image itself; the fields of the scan in headers.' } };
  return {
    operationId: 'verdict',
    summary: 'One scan, one answer. For tokens with the role sorter.',
    parameters: [...SCAN_HEADERS.values()].map((name) => ({
      name,
      in: 'header',
      required: false,
      description: 'Of a body that is the mark alone; a scan id is needed then.',
      schema: { type: 'string' },
    })),
    requestBody: {
      required: true,
      content: {
        'application/json': { schema: reference('ScanRequest'), examples: EXAMPLES.verdict },
        'multipart/form-data': {
          schema: {
            type: 'object',
            required: ['scan'],
            properties: { scan: reference('ScanRequest'), image: BINARY, payload: BINARY },
          },
          encoding: { scan: { contentType: 'application/json' } },
        },
        ...Object.fromEntries(IMAGE_TYPES.map(({ type }) => [type, image])),
        'application/octet-stream': raw,
      },
    },
    responses: {
      200: answerResponse(
        'application/json',
        'Answer',
        'The verdict, durable; or the default disposition, marked late.',
      ),
      ...problems(POST_PROBLEMS),
    },
  };
}

function batchOperation(): Json {
  return {
    operationId: 'verdicts',
    summary: 'Several scans, answered together and in order. For tokens with the role sorter.',
    requestBody: {
      required: true,
      content: { 'application/json': { schema: reference('BatchRequest'), examples: EXAMPLES.batch } },
    },
    responses: {
      200: answerResponse('application/json', 'BatchAnswer', 'An answer for each.'),
      ...problems(POST_PROBLEMS),
    },
  };
}

function streamOperation(): Json {
  return {
    operationId: 'stream',
    summary: 'Scans line by line, answered line by line in the same order, for as long as the client likes.',
    requestBody: {
      required: true,
      content: { 'application/x-ndjson': { schema: reference('ScanRequest'), examples: EXAMPLES.stream } },
    },
    responses: {
      200: answerResponse('application/x-ndjson', 'AnswerOrProblem', 'A line for each line.'),
      ...problems(POST_PROBLEMS),
    },
  };
}

function lookUpOperation(): Json {
  return {
    operationId: 'lookUp',
    summary: 'The verdict about a scan, with what was found since. For tokens with the role investigator.',
    parameters: [
      { name: 'scanId', in: 'path', required: true, description: 'Percent-encoded.', schema: { type: 'string' } },
      {
        name: 'plant',
        in: 'query',
        required: false,
        description: 'Whose scan, where several plants have one of this id; empty for a scan that names no plant.',
        schema: { type: 'string' },
      },
    ],
    responses: {
      200: answerResponse('application/json', 'Answer', 'The verdict.'),
      ...problems([
        'bad-request',
        'unauthorized',
        'forbidden',
        'not-found',
        'scan-id-ambiguous',
        'too-busy',
        'internal',
        'starting',
        'store-paused',
      ]),
    },
  };
}

function lateOperation(): Json {
  return {
    operationId: 'late',
    summary: 'Verdicts that came after their deadline: the last ones at once, then each as it comes.',
    responses: {
      200: answerResponse('application/x-ndjson', 'Answer', 'A line for each.'),
      ...problems(['unauthorized', 'forbidden', 'too-busy', 'draining', 'starting', 'store-paused']),
    },
  };
}

function healthOperation(operationId: string, summary: string): Json {
  const response = answerResponse('application/json', 'Health', 'Each check by its name.');
  return { operationId, summary, security: [], responses: { 200: response, 503: response, ...problems([]) } };
}

function answerResponse(mediaType: string, name: string, description: string): Json {
  return { description, content: { [mediaType]: { schema: reference(name) } } };
}

/** By status: where several codes share one, the first stands for them. What is refused everywhere is among them. */
function problems(codes: readonly ProblemCode[]): Json {
  const byStatus = new Map<number, ProblemCode>();
  for (const code of [...codes, ...FOREIGN_PROBLEMS])
    if (!byStatus.has(PROBLEMS[code].status)) byStatus.set(PROBLEMS[code].status, code);
  return Object.fromEntries(
    [...byStatus].map(([status, code]) => [status, { $ref: `#/components/responses/${code}` }]),
  );
}

function problemResponse(code: ProblemCode): Json {
  const isBusy = code === 'too-busy' || code === 'draining' || code === 'starting' || code === 'store-paused';
  const retryAfter = { description: 'Seconds.', schema: { type: 'integer' } };
  return {
    description: PROBLEMS[code].title,
    ...(isBusy ? { headers: { 'Retry-After': retryAfter } } : {}),
    content: { 'application/problem+json': { schema: reference('Problem') } },
  };
}
