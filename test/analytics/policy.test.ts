import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { DETECTORS, detect, Judge, Recorder, Store } from '../../analytics/index.ts';
import { DEFAULT_POLICY, dispositionFor, PolicyError, readPolicy } from '../../analytics/judge/index.ts';
import { CASE_SUBJECTS } from '../../analytics/store/case-subjects.ts';
import { REASON_CODES, ROLES } from '../../indicium/index.ts';
import { PRINTED_AHEAD_MS_MAX, PRINTED_BEHIND_MS_MAX } from '../../verify/limits.ts';
import { booksOf, markOf, seen } from '../support/books.ts';
import { scanOf, verdictOf } from '../support/evidence.ts';
import { NEVER_PAUSED } from '../support/recording.ts';
import { temporaryFolder } from '../support/temporary.ts';

async function policyOf(test: TestContext, content: object | string) {
  const path = join(await temporaryFolder(test), 'policy.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return readPolicy(path);
}

/** Detectors that inform: they accuse nobody, so there is nothing to do about their pieces. */
const INFORMING = ['coverage', 'volume-change'];

describe('the default policy', () => {
  it('is by default what a file of the operator that says the same would be', () => {
    assert.deepEqual(
      readPolicy(join(import.meta.dirname, '../../analytics/judge/default-policy.json')),
      DEFAULT_POLICY,
    );
  });

  it('says what to do about every reason and every finding that accuses, and which case it belongs to', () => {
    assert.deepEqual(Object.keys(DEFAULT_POLICY.dispositions).toSorted(), REASON_CODES.toSorted());
    const accusing = DETECTORS.map(({ name }) => name).filter((name) => !INFORMING.includes(name));
    assert.deepEqual(Object.keys(DEFAULT_POLICY.findings).toSorted(), accusing.toSorted());
    assert.deepEqual(Object.keys(CASE_SUBJECTS).toSorted(), accusing.toSorted());
  });

  it('has a role for every finding that accuses, and none accuses that has no role', () => {
    for (const { name, findings } of DETECTORS) {
      const role = CASE_SUBJECTS[name]?.role;
      if (role === undefined) assert.match(findings, /'information' as severity/, name);
      else assert.ok(ROLES.includes(role), name);
    }
  });

  it('holds exactly the parameters that the detectors describe and read, with their defaults', () => {
    for (const { name, header, suspects, doubts, members, exonerated, findings } of DETECTORS) {
      const described = [...header.matchAll(/(\w+) = ([\d.]+) \(/g)].map(([, parameter, value]) => [
        parameter,
        Number(value),
      ]);
      assert.deepEqual(Object.fromEntries(described), DEFAULT_POLICY.parameters[name] ?? {}, name);
      const sql = [suspects, doubts?.sql, members?.sql, exonerated, findings].join('\n');
      const read = new Set([...sql.matchAll(/getvariable\('(\w+)'\)/g)].map(([, parameter]) => parameter));
      assert.deepEqual(read, new Set(described.map(([parameter]) => parameter)), name);
    }
  });
});

describe('detectors of dates', () => {
  it('go by the bounds by which the verifier calls a date an anomaly', () => {
    const memberSql = (kind: string) => DETECTORS.find(({ name }) => name === kind)?.members?.sql ?? '';
    assert.ok(memberSql('stale-date').includes(`scanned_at - interval ${PRINTED_BEHIND_MS_MAX / 86_400_000} days`));
    assert.ok(memberSql('future-date').includes(`scanned_at + interval ${PRINTED_AHEAD_MS_MAX / 3_600_000} hours`));
  });
});

describe('a policy file', () => {
  it('is refused before anything is answered by it where another one was used under its version', async (test) => {
    const path = join(await temporaryFolder(test), 'store.duckdb');
    const first = await policyOf(test, { version: 7, dispositions: { forged: 'manual' } });
    const other = await policyOf(test, { version: 7, dispositions: { forged: 'pass' } });
    (await Recorder.open(path, NEVER_PAUSED, first)).close();
    await assert.rejects(Recorder.open(path, NEVER_PAUSED, other), PolicyError);
    (await Recorder.open(path, NEVER_PAUSED, first)).close();
  });

  it('changes what it names and leaves the rest as it is', async (test) => {
    const policy = await policyOf(test, {
      version: 7,
      dispositions: { forged: 'manual', copy: 'pass' },
      parameters: { 'two-places': { clockToleranceMinutes: 5 } },
    });
    assert.equal(policy.version, 7);
    assert.deepEqual(policy.parameters['two-places'], { speedKmPerHour: 900, clockToleranceMinutes: 5 });
    assert.deepEqual(policy.findings, DEFAULT_POLICY.findings);
    assert.equal(dispositionFor(['forged'], policy), 'manual');
    assert.equal(dispositionFor(['copy'], policy), 'accept');
    assert.equal(dispositionFor(['copy', 'date-anomaly'], policy), 'manual');
    assert.equal(dispositionFor(['fork', 'copy'], policy), 'divert');
    assert.notEqual(policy.digest, DEFAULT_POLICY.digest);
  });

  it('passes a piece with a note', async (test) => {
    const judge = new Judge(await policyOf(test, { version: 4, dispositions: { 'date-anomaly': 'pass' } }));
    const { reading } = seen(markOf(), {}, 'date-anomaly');
    const { disposition, reasons } = verdictOf(judge, scanOf(), reading);
    assert.deepEqual([disposition, reasons], ['accept', ['date-anomaly']]);
  });

  it('is refused with what is wrong in it', async (test) => {
    const refused: [object | string, RegExp][] = [
      ['{', /not JSON/],
      ['{"version":4,"version":5}', /the key "version" is there twice/],
      [[], /must be object/],
      [{}, /version/],
      [{ version: 0 }, /version/],
      [{ version: 1.5 }, /version/],
      [{ version: 1, dispositions: { forgery: 'divert' } }, /dispositions/],
      [{ version: 1, dispositions: { forged: 'accept' } }, /dispositions\/forged/],
      [{ version: 1, findings: { coverage: 'divert' } }, /findings/],
      [{ version: 1, parameters: { 'two-places': { speed: 1 } } }, /two-places/],
      [{ version: 1, parameters: { 'two-places': { speedKmPerHour: '1; drop table finding' } } }, /speedKmPerHour/],
      [{ version: 1, parameters: { forged: {} } }, /parameters/],
      [{ version: 1, outsiderScoreMax: -1 }, /outsiderScoreMax/],
      [{ version: 1, extra: true }, /extra is not part of a policy/],
    ];
    for (const [content, expected] of refused) {
      await assert.rejects(
        policyOf(test, content),
        (error: unknown) => {
          return error instanceof PolicyError && expected.test(error.message) && /policy\.json/.test(error.message);
        },
        JSON.stringify(content),
      );
    }
    assert.throws(() => readPolicy('/nonexistent/policy.json'), PolicyError);
  });

  it('cannot go by the version of another one in a store', async (test) => {
    const store = await Store.open(join(await temporaryFolder(test), 'store.duckdb'));
    await store.setRegistry(booksOf());
    await detect(store);
    await assert.rejects(
      detect(store, await policyOf(test, { version: DEFAULT_POLICY.version, findings: { copy: 'pass' } })),
      PolicyError,
    );
    await detect(store, await policyOf(test, { version: DEFAULT_POLICY.version + 1, findings: { copy: 'pass' } }));
    await detect(store);
    store.close();
  });
});
