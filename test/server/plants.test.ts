import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { connect, type Sorter } from '../../client/index.ts';
import { addToken, openTokens, type Role } from '../../server/index.ts';
import { indicia, jsonLines } from '../support/command-line.ts';
import { NOW_MS } from '../support/published.ts';
import { type LocalServer, sentScan, serverIn, suiteScope } from '../support/sorter-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

const HERE = '06484';
const THERE = '10001';

describe('two plants at one server', () => {
  const scope = suiteScope();
  const tokens = new Map<string, { readonly id: string; readonly token: string }>();
  let server: LocalServer;
  before(async () => {
    const file = join(await temporaryFolder(scope), 'tokens.json');
    const grant = (name: string, plant: string | null, roles: Role[]) => {
      const { entry, token } = addToken(
        file,
        { name, plant, roles, expiresAtMs: null, certificate: null },
        NOW_MS,
        randomBytes,
      );
      tokens.set(name, { id: entry.id, token: token ?? '' });
    };
    grant('here', HERE, ['sorter']);
    grant('there', THERE, ['sorter']);
    grant('Ann', null, ['investigator']);
    grant('Bob', THERE, ['investigator']);
    server = await serverIn(scope, { access: openTokens(file, { nowMs: () => NOW_MS }) });
  });

  const as = (name: string): Sorter => connect(server.url, { token: tokens.get(name)?.token ?? '' });
  const told = (outcome: Awaited<ReturnType<Sorter['verdict']>>) =>
    'code' in outcome ? outcome.code : [outcome.disposition, ...outcome.reasons.map(({ code }) => code)].join(' ');
  const mail = (scanId: string) => {
    const { plant: _, payload, ...scan } = sentScan(server.world.frank());
    return { ...scan, scanId, payload: Buffer.from(String(payload), 'base64') };
  };
  const rubbish = (scanId: string) => ({ scanId, payload: Buffer.from('rubbish') });

  for (const way of ['verdict', 'batch', 'stream'] as const) {
    const ask = async (name: string, scan: ReturnType<typeof mail> | ReturnType<typeof rubbish>) => {
      const sorter = as(name);
      if (way === 'verdict') return told(await sorter.verdict(scan));
      if (way === 'batch') return told((await sorter.batch([scan]))[0] ?? assert.fail('no outcome'));
      async function* one() {
        yield scan;
      }
      for await (const outcome of sorter.stream(one())) return told(outcome);
      return 'nothing';
    };

    it(`do not take each other's scan ids, by ${way}`, async () => {
      const ids = [1, 2, 3].map((number) => `${way}/${number}`);
      for (const id of ids) assert.equal(await ask('there', rubbish(id)), 'manual unknown-version');
      for (const id of ids) assert.equal(await ask('here', mail(id)), 'accept');
      for (const id of ids)
        assert.equal(await ask('there', mail(id)), 'accept scan-id-reused', 'its own id, used by itself');
    });
  }

  it('do not learn which ids the other has used', async () => {
    assert.equal(told(await as('here').verdict(mail('secret/1'))), 'accept');
    assert.equal(told(await as('there').verdict(mail('secret/1'))), 'accept', 'as if nobody had used it');
    assert.equal(told(await as('there').verdict(mail('secret/2'))), 'accept', 'like one that nobody has used');
    assert.equal(told(await as('here').verdict(mail('only here'))), 'accept');
    assert.equal(told(await as('Bob').find('only here')), 'not-found');
    assert.equal(told(await as('Bob').find('only here', { plant: HERE })), 'not-found');
    assert.equal(told(await as('Bob').find('nowhere')), 'not-found');
  });

  it('are told apart by those who may see both', async () => {
    const [mine, theirs] = [mail('both'), mail('both')];
    await as('here').verdict(mine);
    await as('there').verdict(theirs);
    const both = await as('Ann').find('both');
    assert.ok('code' in both && both.code === 'scan-id-ambiguous' && both.status === 409);
    assert.match(both.detail, /06484, 10001|10001, 06484/);
    for (const plant of [HERE, THERE]) {
      const found = await as('Ann').find('both', { plant });
      assert.ok(!('code' in found));
      assert.deepEqual([found.plant, found.scanId], [plant, 'both']);
    }
    const own = await as('Bob').find('both');
    assert.ok(!('code' in own) && own.plant === THERE);
    assert.equal(told(await as('Bob').find('both', { plant: HERE })), 'not-found', 'not even his own in its place');
  });

  it('stand in the evidence with the tokens that brought their scans', async () => {
    const marks = mail('once');
    await as('here').verdict(marks);
    await as('there').verdict({ ...marks, scanId: 'twice', mailpieceId: 'another' });
    await server.service.stop();
    assert.equal((await indicia(['detect', '--db', server.db])).exitCode, 0);
    const findings = jsonLines<{ kind: string; scanIds: string[]; broughtBy: string[] }>(
      (await indicia(['findings', '--db', server.db])).stdout,
    );
    const copy = findings.find(({ kind, scanIds }) => kind === 'copy' && scanIds.includes('twice'));
    const expected = ['here', 'there'].map((name) => tokens.get(name)?.id).toSorted();
    assert.deepEqual(copy?.broughtBy, expected);
    const cases = jsonLines<{ kinds: string[]; broughtBy: string[] }>(
      (await indicia(['cases', '--db', server.db])).stdout,
    );
    assert.deepEqual(cases.find(({ kinds }) => kinds.includes('copy'))?.broughtBy, expected);
    const scans = await indicia(['query', '--db', server.db, '--format', 'json', 'select distinct sender from scans']);
    assert.deepEqual(
      jsonLines<{ sender: string }>(scans.stdout)
        .map(({ sender }) => sender)
        .toSorted(),
      expected,
    );
  });
});
