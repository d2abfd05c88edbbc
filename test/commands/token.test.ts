import assert from 'node:assert/strict';
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { X509CertificateGenerator } from '@peculiar/x509';
import { isAccessRefusal, openTokens } from '../../server/index.ts';
import { indicia, jsonLines } from '../support/command-line.ts';
import { temporaryFolder } from '../support/temporary.ts';

const SORTER = ['--name', 'DBCS-12', '--plant', '06484', '--role', 'sorter'];

describe('indicia token', () => {
  it('adds, lists and revokes, and shows the token once', async (test) => {
    const tokens = join(await temporaryFolder(test), 'tokens.json');
    const at = ['--tokens', tokens];
    const added = await indicia(['token', 'add', ...at, ...SORTER]);
    assert.equal(added.exitCode, 0, added.stderr);
    const token = added.stdout.trim();
    const access = openTokens(tokens, { nowMs: () => 0 });
    const identity = access.authenticate(`Bearer ${token}`);
    assert.ok(!isAccessRefusal(identity));
    assert.deepEqual(identity.roles, ['sorter']);

    const both = ['--name', 'grafana', '--role', 'metrics', 'investigator', '--expires', '2999-12-31'];
    const [second] = jsonLines<{ id: string; token: string; expiresAt: string }>(
      (await indicia(['token', 'add', '--json', ...both], { env: { INDICIA_TOKENS: tokens } })).stdout,
    );
    assert.equal(second?.expiresAt, '2999-12-31T00:00:00.000Z');

    const listed = await indicia(['token', 'list', ...at]);
    assert.match(listed.stdout, new RegExp(`^${identity.id}  valid    token        DBCS-12  06484  sorter\n`));
    assert.match(listed.stdout, /grafana {2}all plants {2}metrics,investigator {2}until 2999-12-31/);
    const secret = token.slice(-64);
    assert.ok(!listed.stdout.includes(secret) && !(await readFile(tokens, 'utf8')).includes(secret));

    const revoked = await indicia(['token', 'revoke', identity.id, ...at]);
    assert.equal(revoked.stdout, `${identity.id} (DBCS-12) is revoked\n`);
    const never = await indicia(['token', 'revoke', '000000000000', ...at]);
    assert.match(never.stderr, /tokens\.json has no token 000000000000/);
    assert.equal(never.exitCode, 2);
    const lines = jsonLines<Record<string, unknown>>((await indicia(['token', 'list', '--json', ...at])).stdout);
    assert.deepEqual(
      lines.map(({ id, state }) => [id, state]),
      [
        [identity.id, 'revoked'],
        [second?.id, 'valid'],
      ],
    );
    assert.ok(lines.every((line) => !('sha256' in line)));
  });

  it('takes a client certificate, and ends with it', async (test) => {
    const folder = await temporaryFolder(test);
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    const keys = await webcrypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
    const certificate = await X509CertificateGenerator.createSelfSigned({
      keys,
      signingAlgorithm: algorithm,
      serialNumber: '01',
      name: 'CN=DBCS-12',
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2990-01-01T00:00:00Z'),
    });
    const [tokens, pem] = [join(folder, 'tokens.json'), join(folder, 'client.pem')];
    await writeFile(pem, certificate.toString('pem'));
    const added = await indicia(['token', 'add', '--tokens', tokens, ...SORTER, '--certificate', pem, '--json']);
    const [entry] = jsonLines<{ kind: string; token: null; expiresAt: string }>(added.stdout);
    assert.deepEqual([entry?.kind, entry?.token, entry?.expiresAt], ['certificate', null, '2990-01-01T00:00:00.000Z']);
    const access = openTokens(tokens, { nowMs: () => 0 });
    const identity = access.authenticateCertificate(new Uint8Array(certificate.rawData));
    assert.ok(!isAccessRefusal(identity));
    assert.equal(identity.machine, 'DBCS-12');
  });

  const wrong: [string, (tokens: string) => string[], RegExp][] = [
    ['a file that is not there', (tokens) => ['list', '--tokens', tokens], /tokens\.json: no such file of tokens/],
    [
      'a sorter without plant',
      (tokens) => ['add', '--tokens', tokens, '--name', 'x', '--role', 'sorter'],
      /belongs to a plant/,
    ],
    [
      'a day that is past',
      (tokens) => ['add', '--tokens', tokens, ...SORTER, '--expires', '2001-01-01'],
      /2001-01-01T.* is past/,
    ],
    [
      'an invalid certificate',
      (tokens) => ['add', '--tokens', tokens, ...SORTER, '--certificate', 'package.json'],
      /package\.json: no X\.509 certificate/,
    ],
  ];
  for (const [what, args, message] of wrong) {
    it(`says what is wrong with ${what}, and exits with 2`, async (test) => {
      const { exitCode, stderr } = await indicia(['token', ...args(join(await temporaryFolder(test), 'tokens.json'))]);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /\n\s+at /);
      assert.equal(exitCode, 2);
    });
  }
});
