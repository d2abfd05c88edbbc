import { type ReadingColumns, rowsOf, TextBuilder, textOrNullAt } from '../../../indicium/index.ts';
import type { ScanLines } from '../../../scans/index.ts';
import type { NewMessage, StoredMessage } from '../client-port.ts';
import type { ImageSpool } from '../image-spool.ts';
import { READ_TASK_BYTES_MAX, READ_TASK_IMAGES_MAX } from '../limits.ts';
import { rejectMalformed } from '../malformed-scans.ts';
import { EVENT_TYPES, eventHeaders, headerText } from '../messages/cloud-events.ts';
import { deadLetter, type Origin } from '../messages/dead-letter.ts';
import { READINGS_CONTENT_TYPE } from '../messages/readings-codec.ts';
import { splitReadings } from '../messages/split-readings.ts';
import { gatherScans } from '../scan-batch.ts';
import type { StageTask, TaskFactory } from './stage-task.ts';

interface ReadPorts {
  /** Reads and verifies; its answer has a row for each line. */
  readonly read: (lines: ScanLines) => Promise<{ readonly columns: ReadingColumns }>;
  readonly spool: ImageSpool;
  readonly nowMs: () => number;
  readonly topics: { readonly scans: string; readonly readings: string; readonly deadLetters: string };
  /** Partitions of the topic of readings. */
  readonly partitions: number;
  readonly onRead: (counts: { readonly scans: number; readonly deadLetters: number }) => void;
}

/** The read stage keeps nothing, so whichever member takes a partition of scans up begins where the last one published. */
export function readTasks(ports: ReadPorts): TaskFactory {
  return {
    claim: async (partition, published): Promise<StageTask> => ({
      start: published,
      weigh,
      process: (messages) => readMessages(partition, messages, ports),
      close: async () => {},
    }),
  };
}

function weigh({ value, headers }: StoredMessage): number {
  const isImage = headerText(headers, 'ce_type') === EVENT_TYPES.image;
  return Math.max((value?.length ?? 0) / READ_TASK_BYTES_MAX, isImage ? 1 / READ_TASK_IMAGES_MAX : 0);
}

async function readMessages(
  partition: number,
  messages: readonly StoredMessage[],
  { read, spool, nowMs, topics, partitions, onRead }: ReadPorts,
): Promise<NewMessage[]> {
  const gathered = await gatherScans(topics.scans, messages, spool);
  const dead = [...gathered.dead];
  const out: NewMessage[] = [];
  let scans = 0;
  try {
    if (gathered.origins.length > 0) {
      const answer = await read(gathered.lines);
      if (rowsOf(answer.columns) !== gathered.origins.length)
        throw new Error('a reader answered with more or fewer rows than lines');
      const { columns, origins, dead: notScans } = rejectMalformed(answer.columns, gathered.origins);
      dead.push(...notScans);
      scans = origins.length;
      const source = `/indicia/${topics.scans}/${partition}`;
      const place = `${messages[0]?.offset}-${messages.at(-1)?.offset}`;
      const parts = splitReadings({ ...columns, image: namedPictures(columns, origins) }, partitions);
      for (const [index, part] of parts.entries()) {
        out.push({
          topic: topics.readings,
          partition: part.partition,
          key: null,
          value: part.bytes,
          headers: eventHeaders({
            type: EVENT_TYPES.readings,
            id: `${place}/${index}`,
            source,
            timeMs: nowMs(),
            contentType: READINGS_CONTENT_TYPE,
          }),
        });
      }
    }
  } finally {
    await gathered.release();
  }
  onRead({ scans, deadLetters: dead.length });
  return [...out, ...dead.map(([origin, reason]) => deadLetter(topics.deadLetters, origin, reason))];
}

/** Of a picture that came as a message, where it lies in the topic; its file is gone by then. */
function namedPictures(columns: ReadingColumns, origins: readonly Origin[]): ReadingColumns['image'] {
  if (origins.every(({ line }) => line !== undefined)) return columns.image;
  const builder = new TextBuilder(origins.length);
  for (const [row, { topic, message, line }] of origins.entries()) {
    const isPicture = line === undefined && textOrNullAt(columns.image, row) !== null;
    builder.add(isPicture ? `kafka:${topic}/${message.partition}@${message.offset}` : textOrNullAt(columns.image, row));
  }
  return builder.finish();
}
