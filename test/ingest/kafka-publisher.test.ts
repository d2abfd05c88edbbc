import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FencedProducerError, KafkaError, type NewMessage } from '../../ingest/kafka/client-port.ts';
import { Publisher, type PublisherPorts } from '../../ingest/kafka/stage/publisher.ts';

/** What becomes of an attempt: to open a producer, to ask the group, or to commit. */
type Fate = 'done' | 'lost' | 'done, not answered';
const FATES: readonly Fate[] = ['done', 'lost', 'done, not answered'];

/** A topic with transactions, where each step meets the next of the fates; all is well once there are no more. */
class Topic {
  readonly values: string[] = [];
  next: bigint | null = null;
  #producers = 0;
  readonly #fates: Fate[];

  constructor(fates: readonly Fate[]) {
    this.#fates = [...fates];
  }

  ports(mayTryAgain: PublisherPorts['mayTryAgain'] = async () => true): PublisherPorts {
    return {
      group: 'judge',
      topic: 'readings',
      partition: 3,
      mayTryAgain,
      published: () => this.#step(() => this.next),
      producer: () =>
        this.#step(() => {
          this.#producers += 1;
          const number = this.#producers;
          return {
            commit: async (messages, { next }) => {
              if (number !== this.#producers) throw new FencedProducerError('there is a newer one');
              await this.#step(() => {
                this.values.push(...messages.map(({ value }) => String(value)));
                this.next = next;
              });
            },
            close: async () => {},
          };
        }),
    };
  }

  async #step<Result>(effect: () => Result): Promise<Result> {
    const fate = this.#fates.shift() ?? 'done';
    if (fate === 'lost') throw new KafkaError('the connection was closed');
    const result = effect();
    if (fate === 'done, not answered') throw new KafkaError('the answer was lost');
    return result;
  }
}

function message(value: string): NewMessage {
  return { topic: 'verdicts', partition: null, key: null, value: Buffer.from(value), headers: {} };
}

async function opened(ports: PublisherPorts): Promise<Publisher> {
  for (;;) {
    try {
      return await Publisher.open(ports);
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
    }
  }
}

describe('what a partition publishes', () => {
  it('is there once and in its order, whichever requests or answers are lost', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...FATES), { maxLength: 40 }), async (fates) => {
        const topic = new Topic(fates);
        const publisher = await opened(topic.ports());
        for (let batch = 1; batch <= 6; batch++) await publisher.commit([message(`${batch}`)], BigInt(batch));
        assert.deepEqual(topic.values, ['1', '2', '3', '4', '5', '6']);
        assert.equal(publisher.published, 6n);
      }),
    );
  });

  it('is not published again where another has gone on meanwhile', async () => {
    // A producer, the group's answer, a commit that is lost.
    const topic = new Topic(['done', 'done', 'lost']);
    const publisher = await Publisher.open(
      topic.ports(async () => {
        const other = await Publisher.open(topic.ports());
        await other.commit([message('of another')], 7n);
        return true;
      }),
    );
    await assert.rejects(publisher.commit([message('late')], 5n), FencedProducerError);
    assert.deepEqual(topic.values, ['of another']);
  });

  it('is left to the next owner where it is not to be tried again', async () => {
    const topic = new Topic(['done', 'done', 'lost']);
    const publisher = await Publisher.open(topic.ports(async () => false));
    await assert.rejects(publisher.commit([message('late')], 5n), /the connection was closed/);
    assert.deepEqual(topic.values, []);
  });
});
