import type { AnswerOrProblem, Problem } from '../../../api/index.ts';
import type { BatchAnswers, ScanOrigin } from '../../../scans/index.ts';
import type { ActiveClients } from '../../../sharing/index.ts';
import type { WeightedSemaphore } from '../../weighted-semaphore.ts';
import type { BatchMoments } from '../answers.ts';
import type { PendingAnswer } from '../pending-answer.ts';
import type { AnswerWriter } from './answer-writer.ts';
import type { RoomSemaphore } from './room-semaphore.ts';

/** What a stream of scans needs of the server around it. */
export interface StreamPorts {
  /** Names the stream in the scan ids of lines that have none. */
  readonly label: string;
  readonly origin: ScanOrigin;
  /** Whose share it is, and who else is active. */
  readonly client: string;
  readonly active: ActiveClients;
  /** What all streams together may have on the way, by bytes, and in the readers, by what lines cost. */
  readonly semaphores: { readonly bytes: RoomSemaphore; readonly lines: WeightedSemaphore };
  /** Notes that so many bytes were read, and waits while the client owes too much of the time for that. */
  readonly paid: (bytes: number) => Promise<void>;
  readonly output: AnswerWriter;
  /** Why the sender may not send any more; what came before is still answered. */
  readonly refusal: () => Problem | null;
  readonly pendingOf: (
    scan: { scanId: string; plant: string | null },
    arrivedAtMs: number,
    deadlineMs: number,
  ) => PendingAnswer;
  readonly answersOf: (answers: BatchAnswers, moments: BatchMoments) => (AnswerOrProblem | Promise<AnswerOrProblem>)[];
  /** Until there is room for the look-ups of another batch. */
  readonly room: () => Promise<void>;
}
