import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { QueryError, StoreError } from '../../analytics/index.ts';
import { ExpectedError, FAILURE_CODES } from '../../indicium/index.ts';
import { KafkaError } from '../../ingest/kafka/index.ts';
import { SourceError } from '../../scans/index.ts';
import { indicia } from '../support/command-line.ts';
import { temporaryFolder } from '../support/temporary.ts';

describe('a failure that a person can mend', () => {
  it('has a code of a closed set, and keeps its cause', () => {
    const cause = new Error('what the system said');
    const failures = [
      new SourceError('a', { cause }),
      new KafkaError('b', { cause }),
      new QueryError('c', { cause }),
      new StoreError('d', null, null, { cause }),
    ];
    for (const failure of failures) {
      assert.ok(failure instanceof ExpectedError && FAILURE_CODES.includes(failure.failure));
      assert.equal(failure.cause, cause);
    }
  });

  it('is one sentence, and with --verbose or INDICIA_LOG=debug also says where it happened and what caused it', async (test) => {
    const db = join(await temporaryFolder(test), 'notes.duckdb');
    await writeFile(db, 'no database, but a note that somebody keeps here');
    const sentence = /^indicia: .*notes\.duckdb: not a usable store: [^\n]*\n$/;
    const brief = await indicia(['verdicts', '--db', db]);
    assert.match(brief.stderr, sentence);
    for (const args of [
      ['verdicts', '--db', db, '--verbose'],
      ['--verbose', 'verdicts', '--db', db],
    ]) {
      const { stderr, exitCode } = await indicia(args);
      assert.equal(exitCode, brief.exitCode);
      assert.match(stderr, /failure: 'store'/);
      assert.match(stderr, /\[cause\]: \[?Error: IO Error/);
      assert.match(stderr, /analytics\/store\/instance\.ts/);
    }
    process.env.INDICIA_LOG = 'debug';
    test.after(() => {
      delete process.env.INDICIA_LOG;
    });
    assert.match((await indicia(['verdicts', '--db', db])).stderr, /\[cause\]: \[?Error: IO Error/);
  });
});
