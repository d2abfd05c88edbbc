import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import kafkajs from 'kafkajs';
import { hideAborted } from '../../ingest/kafka/kafkajs/aborted.ts';
import { everythingIn, freshTopics, kafkaForTests } from '../support/kafka.ts';

const PREFIX = `aborted-${process.pid}-`;
const ABORT = Buffer.from([0, 0, 0, 0]);
const COMMIT = Buffer.from([0, 0, 0, 1]);

describe('messages of transactions', () => {
  /** What producers do one after another: each sends, commits or aborts; its transaction begins with its first message. */
  const steps = fc.array(
    fc.record({ producer: fc.integer({ min: 1, max: 4 }), does: fc.constantFrom('send', 'send', 'commit', 'abort') }),
    { maxLength: 40 },
  );

  it('are handed out when they were committed, and only then, wherever a fetch begins', () => {
    fc.assert(
      fc.property(steps, fc.nat(40), (log, from) => {
        const offsets = log.map((step, offset) => ({ ...step, offset }));
        const endOf = (offset: number, producer: number) =>
          offsets.find((step) => step.offset > offset && step.producer === producer && step.does !== 'send');
        // What is still open lies behind the last stable offset, where no fetch comes to.
        const open = offsets.find((step) => step.does === 'send' && endOf(step.offset, step.producer) === undefined);
        const stable = offsets.slice(0, open?.offset);
        const aborted = offsets
          .filter(({ does }) => does === 'abort')
          .flatMap(({ producer, offset }) => {
            const before = offsets.findLast(
              (step) => step.offset < offset && step.producer === producer && step.does !== 'send',
            );
            const first = offsets.find(
              (step) => step.offset > (before?.offset ?? -1) && step.offset < offset && step.producer === producer,
            );
            return first === undefined
              ? []
              : [{ producerId: String(producer), firstOffset: String(first.offset), end: offset }];
          })
          .filter(({ end }) => end >= from);
        const messages = stable
          .filter(({ offset }) => offset >= from)
          .map(({ producer, does, offset }) => ({
            offset: String(offset),
            key: does === 'send' ? null : does === 'abort' ? ABORT : COMMIT,
            isControlRecord: does !== 'send',
            batchContext: { producerId: String(producer), inTransaction: true },
          }));
        const committed = stable.filter(
          ({ offset, producer, does }) =>
            does === 'send' && offset >= from && endOf(offset, producer)?.does === 'commit',
        );
        hideAborted({ abortedTransactions: aborted, messages });
        assert.deepEqual(
          messages.filter(({ isControlRecord }) => !isControlRecord).map(({ offset }) => offset),
          committed.map(({ offset }) => String(offset)),
        );
      }),
      { numRuns: 2_000 },
    );
  });
});

const kafka = await kafkaForTests();

if (kafka !== null) {
  describe('two transactions that overlap and are both aborted', () => {
    it('leave nothing to be seen on a real broker', async () => {
      await freshTopics(kafka, PREFIX, 1);
      const topic = `${PREFIX}scans`;
      const library = new kafkajs.Kafka({ brokers: [...kafka.brokers], logLevel: kafkajs.logLevel.NOTHING });
      const begin = async (transactionalId: string) => {
        const producer = library.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 });
        await producer.connect();
        const transaction = await producer.transaction();
        const send = (value: string) => transaction.send({ topic, messages: [{ value }] });
        return { send, transaction, close: () => producer.disconnect() };
      };
      const [long, short, good] = [await begin('long'), await begin('short'), await begin('good')];
      await long.send('long 1');
      await short.send('short');
      await good.send('good 1');
      await short.transaction.abort();
      await long.send('long 2');
      await long.transaction.abort();
      await good.send('good 2');
      await good.transaction.commit();
      // The broker answers a commit before its marker lies in the partition.
      let seen: Awaited<ReturnType<typeof everythingIn>> = [];
      for (let look = 0; look < 50 && seen.length < 2; look++) seen = await everythingIn(kafka, PREFIX, 'scans');
      assert.deepEqual(
        seen.map(({ value }) => String(value)),
        ['good 1', 'good 2'],
      );
      await Promise.all([long, short, good].map(({ close }) => close()));
    });
  });
}
