import { extname } from 'node:path';
import type { KafkaProducer, NewMessage } from './client-port.ts';
import { EVENT_TYPES, eventHeaders } from './messages/cloud-events.ts';
import { IMAGE_EXTENSIONS, LINES_CONTENT_TYPE, SCAN_HEADER } from './messages/scan-message.ts';

/** A record of a scan, with what a producer needs of it. */
export interface ScanRecord {
  readonly line: string;
  readonly scanId: string;
  readonly machine: string;
}

/** Puts scans into the topic of scans, as a plant would: the lines of one machine that came together are one message. */
export class ScanProducer {
  readonly #producer: KafkaProducer;
  readonly #topic: string;
  readonly #source: string;
  readonly #nowMs: () => number;

  constructor(producer: KafkaProducer, topic: string, source: string, nowMs: () => number) {
    this.#producer = producer;
    this.#topic = topic;
    this.#source = source;
    this.#nowMs = nowMs;
  }

  async sendLines(records: readonly ScanRecord[]): Promise<void> {
    const byMachine = Map.groupBy(records, ({ machine }) => machine);
    await this.#producer.send(
      [...byMachine].map(([machine, its]) => ({
        topic: this.#topic,
        partition: null,
        key: machine,
        value: Buffer.from(its.map(({ line }) => `${line}\n`).join('')),
        headers: eventHeaders({
          type: EVENT_TYPES.scans,
          id: its[0]?.scanId ?? '',
          source: this.#source,
          timeMs: this.#nowMs(),
          contentType: LINES_CONTENT_TYPE,
        }),
      })),
    );
  }

  /** A picture with the record of its scan, which names it by a file name. */
  async sendImage({ line, scanId, machine }: ScanRecord, name: string, bytes: Buffer): Promise<void> {
    await this.#producer.send([this.imageMessage({ line, scanId, machine }, name, bytes)]);
  }

  imageMessage({ line, scanId, machine }: ScanRecord, name: string, bytes: Buffer): NewMessage {
    const extension = extname(name).slice(1);
    const contentType =
      [...IMAGE_EXTENSIONS].find(([, known]) => known === extension)?.[0] ?? 'application/octet-stream';
    return {
      topic: this.#topic,
      partition: null,
      key: machine,
      value: bytes,
      headers: {
        ...eventHeaders({
          type: EVENT_TYPES.image,
          id: scanId,
          source: this.#source,
          timeMs: this.#nowMs(),
          contentType,
        }),
        [SCAN_HEADER]: line,
      },
    };
  }

  close(): Promise<void> {
    return this.#producer.close();
  }
}
