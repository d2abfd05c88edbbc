import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { indicia, jsonLines } from '../support/command-line.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { auditBooks } from './books.ts';
import { linesOf, readDay } from './marks.ts';
import { auditVerdicts } from './verdicts.ts';

interface Verdict {
  readonly scanId: string;
  readonly disposition: string;
  readonly reasons: readonly string[];
}

let day = '';
let db = '';
before(async (test) => {
  if (!('after' in test)) throw new TypeError('a hook of a suite');
  day = await temporaryFolder(test);
  db = join(day, 'day.duckdb');
  const args = ['--pieces', '4000', '--psds', '30', '--licenses', '24', '--seed', '11'];
  assert.equal((await indicia(['simulate', '--out', day, ...args])).exitCode, 0);
  // One scan in six without a mailpiece id, so that every way to judge a repetition is taken.
  const lines = linesOf<{ scanId: string; mailpieceId?: string }>(day, 'scans.ndjson').map((line) => {
    const hasNone = Number(line.scanId.slice(-6)) % 6 === 0;
    return JSON.stringify(hasNone ? { ...line, mailpieceId: undefined } : line);
  });
  await writeFile(join(day, 'scans.ndjson'), `${lines.join('\n')}\n`);
  const run = await indicia(['run', join(day, 'scans.ndjson'), '--registry', join(day, 'registry'), '--db', db]);
  assert.equal(run.exitCode, 0, run.stderr);
});

describe('an auditor that shares no code with the program', () => {
  it('imports nothing of it', () => {
    const folder = new URL('.', import.meta.url);
    const files = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
    assert.ok(files.length >= 3);
    for (const file of files) {
      const text = readFileSync(new URL(file, folder), 'utf8');
      for (const [, from = ''] of text.matchAll(/ from '([^']+)'/g)) {
        assert.ok(from.startsWith('node:') || from.startsWith('./'), `${file} imports ${from}`);
      }
    }
  });

  it('comes to the same verdict for every scan of a day with all frauds', async () => {
    const { stdout } = await indicia(['verdicts', '--db', db]);
    const given = jsonLines<Verdict>(stdout).map((verdict) => ({ ...verdict, reasons: verdict.reasons.toSorted() }));
    const expected = auditVerdicts(readDay(day));
    assert.ok(expected.length > 4_000);
    assert.ok(new Set(expected.flatMap(({ reasons }) => reasons)).size >= 12, 'too few reasons to say much');
    assert.deepEqual(given, expected);
  });

  it('comes to the same books, to the mill', async () => {
    const { stdout } = await indicia(['reconcile', '--db', db, '--json']);
    const sets = jsonLines<{ book: string; license: number; psd: string } & Record<string, number | null>>(stdout);
    const given = sets
      .filter(({ book }) => book === 'set')
      .map(
        (set) =>
          [
            `${set.license} ${set.psd}`,
            {
              paid: set.paidMills,
              printedPieces: set.printedPieces,
              printed: set.printedMills,
              doubled: set.doubledMills,
              unseenPieces: set.unseenPieces,
              unseen: set.unseenMills,
              remaining: set.remainingMills,
              refunded: set.refundedMills,
              returned: set.returnedMills,
              difference: set.differenceMills,
            },
          ] as const,
      );
    const expected = auditBooks(readDay(day));
    assert.ok(expected.size > 60);
    assert.deepEqual(given.map(([key]) => key).toSorted(), [...expected.keys()].toSorted());
    for (const [key, { remaining, ...book }] of given) {
      const { remaining: possible = [], ...audited } = expected.get(key) ?? {};
      assert.deepEqual(book, audited, key);
      assert.ok(possible.includes(remaining ?? null), `${key}: ${remaining} remaining, and not ${possible}`);
    }
  });

  it('finds every fraud of the truth named, and no scan accused that no fraud touched', async () => {
    const { stdout } = await indicia(['findings', '--db', db]);
    const findings = jsonLines<{ kind: string; scanIds: string[] }>(stdout);
    const truth = linesOf<{ fraud?: string; scanIds: string[] }>(day, 'truth.ndjson');
    const guilty = new Set(truth.flatMap(({ fraud, scanIds }) => (fraud === undefined ? [] : scanIds)));
    const named = new Set(findings.flatMap(({ scanIds }) => scanIds));
    assert.deepEqual(
      [...named].filter((scanId) => !guilty.has(scanId)),
      [],
    );
    // A copy whose scans have no mailpiece id, at one plant and in one pass, cannot be told from a re-scan.
    const missed = truth.filter(
      ({ fraud, scanIds }) => fraud !== undefined && fraud !== 'copy' && !scanIds.every((id) => named.has(id)),
    );
    assert.deepEqual(missed, []);
  });
});
