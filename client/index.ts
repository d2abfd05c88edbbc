import { type ClientOptions, Sorter } from './sorter.ts';

export type { Answer, AnswerFields, AnswerReason, AnswerTimings } from '../api/index.ts';
export type { ClientTls } from './exchange.ts';
export { type FileScan, scanFromLine } from './from-line.ts';
export type { ClientCode, ClientProblem, Outcome } from './outcome.ts';
export { ENCODINGS, type Encoding, type SorterScan } from './scan-body.ts';
export type { CallOptions, ClientOptions, Sorter } from './sorter.ts';

/** The server at an address such as http://127.0.0.1:8080. Nothing is sent yet. */
export function connect(base: string, options: ClientOptions = {}): Sorter {
  return new Sorter(base, options);
}
