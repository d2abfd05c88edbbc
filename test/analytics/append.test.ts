import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DuckDBInstance, INTEGER, VARCHAR } from '@duckdb/node-api';
import { ValueAppender } from '../../analytics/store/append.ts';
import { CHUNK_ROWS_MAX } from '../../analytics/store/vectors.ts';
import type { Scope } from '../support/temporary.ts';

async function tableOf(test: Scope) {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run('create table kept (number integer, text varchar)');
  const appender = new ValueAppender(connection, 'kept', [INTEGER, VARCHAR]);
  test.after(() => {
    appender.close();
    connection.closeSync();
    instance.closeSync();
  });
  const rows = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJson();
  return { connection, appender, rows };
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

describe('appending to a table again and again', () => {
  it('writes what each transaction gave it, nulls and long texts too, and nothing of those before', async (test) => {
    const { connection, appender, rows } = await tableOf(test);
    await appender.append(2, () => [
      [1, null],
      [null, 'longer than twelve bytes'],
    ]);
    await connection.run('begin');
    await appender.append(1, () => [[2], ['undone']]);
    await connection.run('rollback');
    await appender.append(2, () => [
      [null, 4],
      ['short', null],
    ]);
    assert.deepEqual(await rows('from kept'), [
      [1, null],
      [null, 'longer than twelve bytes'],
      [null, 'short'],
      [4, null],
    ]);
  });

  it('writes nothing of an append that failed half-way, neither with it nor with the next one', async (test) => {
    const { appender, rows } = await tableOf(test);
    const many = CHUNK_ROWS_MAX + 1;
    await assert.rejects(
      appender.append(many, (from, to) => {
        if (from > 0) throw new Error('no more');
        return [numbers(from, to), numbers(from, to).map(String)];
      }),
      /no more/,
    );
    assert.deepEqual(await rows('from kept'), []);
    await appender.append(many, (from, to) => [numbers(from, to), numbers(from, to).map(String)]);
    assert.deepEqual(await rows('select count(*), count(distinct number) from kept'), [[`${many}`, `${many}`]]);
  });
});
