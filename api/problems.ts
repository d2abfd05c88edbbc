import { type Static, Type } from 'typebox';

/**
 * What can be wrong with a request (RFC 9457): a closed set of codes, each with its HTTP status and its title. Codes never
 * change their meaning; a new meaning gets a new code.
 */
export const PROBLEMS = {
  'bad-request': { status: 400, title: 'The request is not valid.' },
  unauthorized: { status: 401, title: 'A token that is known here is missing.' },
  forbidden: { status: 403, title: 'The token does not allow this.' },
  'foreign-origin': { status: 403, title: 'The request comes from a web page of another site.' },
  'header-missing': { status: 403, title: 'A header is missing that no web page can send unasked.' },
  'not-found': { status: 404, title: 'There is nothing here.' },
  'method-not-allowed': { status: 405, title: 'This cannot be done here.' },
  timeout: { status: 408, title: 'The request took too long to arrive.' },
  'scan-id-ambiguous': { status: 409, title: 'Several plants have a scan of this id.' },
  'body-too-large': { status: 413, title: 'The body is larger than it may be.' },
  'unsupported-media-type': { status: 415, title: 'The body is of a kind that is not read here.' },
  'foreign-host': { status: 421, title: 'The request is for a host other than this server.' },
  'too-busy': { status: 429, title: 'More scans wait than can be answered soon.' },
  internal: { status: 500, title: 'The server failed.' },
  draining: { status: 503, title: 'The server is shutting down.' },
  starting: { status: 503, title: 'The server is not ready yet.' },
  'store-paused': { status: 503, title: 'The store cannot be written now.' },
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

function isProblemCode(text: string): text is ProblemCode {
  return Object.hasOwn(PROBLEMS, text);
}

export const PROBLEM_CODES: readonly ProblemCode[] = Object.keys(PROBLEMS).filter(isProblemCode);

const TYPE_PREFIX = 'urn:indicia:problem:';

export const Problem = Type.Object(
  {
    type: Type.String({ pattern: `^${TYPE_PREFIX}`, description: `\`${TYPE_PREFIX}\` and the code.` }),
    title: Type.String(),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    detail: Type.String({ description: 'What is wrong with this request, for people.' }),
    code: Type.Enum(PROBLEM_CODES),
    instance: Type.Optional(Type.String({ description: 'Id of the request, as in the log of the server.' })),
    scanId: Type.Optional(Type.String()),
    endedAfterLine: Type.Optional(
      Type.Integer({
        minimum: 0,
        description:
          'Of the last line of a stream that ended early: so many of its lines, empty ones not counted, were taken.',
      }),
    ),
  },
  { title: 'Problem', description: 'RFC 9457 problem details.' },
);
export type Problem = Static<typeof Problem>;

/** A problem as it is sent. */
export function problem(code: ProblemCode, detail: string, scanId?: string): Problem {
  const { status, title } = PROBLEMS[code];
  return { type: `${TYPE_PREFIX}${code}`, title, status, detail, code, ...(scanId === undefined ? {} : { scanId }) };
}

/** Ends the handling of a request with a problem. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: ProblemCode;
  readonly scanId: string | undefined;
  /** When it is worth trying again, where that is known. */
  readonly retryAfterSeconds: number | null;

  constructor(code: ProblemCode, detail: string, scanId?: string, retryAfterSeconds: number | null = null) {
    super(detail);
    this.code = code;
    this.scanId = scanId;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** What the framework says in place of a code of ours, by its HTTP status. */
const CODE_OF_STATUS: Readonly<Record<number, ProblemCode>> = {
  400: 'bad-request',
  404: 'not-found',
  408: 'timeout',
  413: 'body-too-large',
  414: 'bad-request',
  415: 'unsupported-media-type',
};

/** The code of what ended the handling of a request. */
export function codeOf(error: ProblemError | (Error & { readonly statusCode?: number | undefined })): ProblemCode {
  return error instanceof ProblemError ? error.code : (CODE_OF_STATUS[error.statusCode ?? 500] ?? 'internal');
}
