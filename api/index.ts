export { BATCH_REQUEST_SCANS_MAX, DEADLINE_MS_MAX } from './limits.ts';
export { codeOf, PROBLEM_CODES, PROBLEMS, Problem, type ProblemCode, ProblemError, problem } from './problems.ts';
export { SCAN_HEADERS } from './scan-headers.ts';
export {
  Answer,
  AnswerFields,
  AnswerOrProblem,
  AnswerReason,
  AnswerTimings,
  BatchAnswer,
  BatchRequest,
  DeadlineMs,
  Health,
  ScanRequest,
} from './schemas.ts';
