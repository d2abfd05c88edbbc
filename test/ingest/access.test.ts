import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { TOKENS_POLL_MS } from '../../server/access/limits.ts';
import { TOKEN_PATTERN } from '../../server/access/token.ts';
import {
  addToken,
  type Grant,
  isAccessRefusal,
  mayReadVerdicts,
  openTokens,
  type Role,
  readTokenFile,
  revokeToken,
  TokenFileError,
} from '../../server/index.ts';
import { temporaryFolder } from '../support/temporary.ts';

const NOON_MS = Date.UTC(2026, 10, 22, 12);
const SORTER: Grant = { name: 'DBCS-12', plant: '06484', roles: ['sorter'], expiresAtMs: null, certificate: null };

/** A file of tokens, a clock, and a server's handle on the file. */
class Gate {
  readonly path: string;
  readonly problems: string[] = [];
  nowMs = NOON_MS;
  readonly token: string;
  readonly id: string;
  readonly access: ReturnType<typeof openTokens>;

  constructor(folder: string, grant: Partial<Grant> = {}) {
    this.path = join(folder, 'tokens.json');
    const { token, entry } = addToken(this.path, { ...SORTER, ...grant }, this.nowMs, randomBytes);
    this.token = token ?? '';
    this.id = entry.id;
    this.access = openTokens(this.path, {
      nowMs: () => this.nowMs,
      onUnusable: ({ message }) => this.problems.push(message),
    });
  }

  static async open(test: TestContext, grant: Partial<Grant> = {}): Promise<Gate> {
    return new Gate(await temporaryFolder(test), grant);
  }

  /** Who is let in by a header, or why nobody is. */
  ask(authorization: string | null = `Bearer ${this.token}`): string {
    const answer = this.access.authenticate(authorization ?? undefined);
    return isAccessRefusal(answer) ? answer.refusal : answer.machine;
  }

  askWith(certificate: Uint8Array | undefined): string {
    const answer = this.access.authenticateCertificate(certificate);
    return isAccessRefusal(answer) ? answer.refusal : answer.machine;
  }
}

describe('a token', () => {
  it('lets its machine in, with plant and roles', async (test) => {
    const { access, token, id } = await Gate.open(test, { roles: ['sorter', 'investigator'] });
    const expected = { id, machine: 'DBCS-12', plant: '06484', roles: ['sorter', 'investigator'] };
    assert.deepEqual(access.authenticate(`Bearer ${token}`), expected);
    assert.deepEqual(access.authenticate(`bearer  ${token}`), expected, 'the scheme has no case');
  });

  it('has a form that secret scanners can be told, and stands in the file as its digest only', async (test) => {
    const { token, path } = await Gate.open(test);
    assert.match(token, new RegExp(`^${TOKEN_PATTERN}$`));
    const text = await readFile(path, 'utf8');
    const secret = token.split('_')[2] ?? '';
    assert.equal(secret.length, 64);
    assert.ok(!text.includes(secret));
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  });

  it('that is altered in any one place lets nobody in', async (test) => {
    const gate = await Gate.open(test);
    const other = addToken(gate.path, { ...SORTER, name: 'DBCS-13' }, NOON_MS, randomBytes).token ?? '';
    gate.nowMs += TOKENS_POLL_MS;
    assert.equal(gate.ask(`Bearer ${other}`), 'DBCS-13');
    const alteration = fc.oneof(
      fc.record({ at: fc.nat(gate.token.length - 1), text: fc.string({ maxLength: 3, unit: 'binary' }) }),
      fc.record({ at: fc.nat(gate.token.length - 1), text: fc.constantFrom(...'0123456789abcdefABCDEF_') }),
    );
    fc.assert(
      fc.property(alteration, fc.nat(3), ({ at, text }, removed) => {
        const altered = gate.token.slice(0, at) + text + gate.token.slice(at + removed);
        fc.pre(altered !== gate.token && altered.trimEnd() !== gate.token);
        assert.match(gate.ask(`Bearer ${altered}`), /^(unknown|malformed)$/);
      }),
      { numRuns: 2_000 },
    );
    // The id of one with the secret of the other.
    const mixed = gate.token.slice(0, 20) + other.slice(20);
    assert.equal(gate.ask(`Bearer ${mixed}`), 'unknown');
    assert.equal(gate.ask(), 'DBCS-12');
  });

  const headers: [string, (token: string) => string | null, string][] = [
    ['no header', () => null, 'missing'],
    ['an empty header', () => '', 'missing'],
    ['another scheme', (token) => `Basic ${token}`, 'malformed'],
    ['a bare token', (token) => token, 'malformed'],
    ['two tokens', (token) => `Bearer ${token} ${token}`, 'malformed'],
    ['two headers in one', (token) => `Bearer ${token}, Bearer ${token}`, 'malformed'],
    ['a token in capitals', (token) => `Bearer ${token.toUpperCase()}`, 'malformed'],
    ['a token of another program', () => `Bearer ghp_${'a'.repeat(36)}`, 'malformed'],
    ['megabytes', (token) => `Bearer ${token}${' '.repeat(1_000_000)}`, 'malformed'],
    ['an id that is not there', (token) => `Bearer indicia_000000000000_${token.slice(-64)}`, 'unknown'],
    ['the digest in place of the secret', (token) => `Bearer ${token.slice(0, 21)}${'0'.repeat(64)}`, 'unknown'],
  ];
  for (const [what, header, refusal] of headers) {
    it(`is refused as ${refusal} for ${what}`, async (test) => {
      const gate = await Gate.open(test);
      assert.equal(gate.ask(header(gate.token)), refusal);
    });
  }

  it('that has expired is refused from that millisecond on, and only its holder is told', async (test) => {
    const gate = await Gate.open(test, { expiresAtMs: NOON_MS + 60_000 });
    gate.nowMs += 59_999;
    assert.equal(gate.ask(), 'DBCS-12');
    gate.nowMs += 1;
    assert.equal(gate.ask(), 'expired');
    assert.equal(gate.ask(`Bearer ${gate.token.slice(0, -64)}${'0'.repeat(64)}`), 'unknown');
  });
});

describe('roles and plants', () => {
  const matrix: [Role[], string | null, Record<'post' | 'read own' | 'read other' | 'metrics', 0 | 1>][] = [
    [['sorter'], '06484', { post: 1, 'read own': 0, 'read other': 0, metrics: 0 }],
    [['investigator'], '06484', { post: 0, 'read own': 1, 'read other': 0, metrics: 0 }],
    [['investigator'], null, { post: 0, 'read own': 1, 'read other': 1, metrics: 0 }],
    [['metrics'], '06484', { post: 0, 'read own': 0, 'read other': 0, metrics: 1 }],
    [['metrics'], null, { post: 0, 'read own': 0, 'read other': 0, metrics: 1 }],
    [['sorter', 'investigator', 'metrics'], '06484', { post: 1, 'read own': 1, 'read other': 0, metrics: 1 }],
  ];
  for (const [roles, plant, expected] of matrix) {
    it(`${roles.join(' and ')} of ${plant ?? 'all plants'}`, async (test) => {
      const { access, token } = await Gate.open(test, { roles, plant });
      const identity = access.authenticate(`Bearer ${token}`);
      assert.ok(!isAccessRefusal(identity));
      const allowed = {
        post: identity.roles.includes('sorter'),
        'read own': mayReadVerdicts(identity, '06484'),
        'read other': mayReadVerdicts(identity, '10001'),
        metrics: identity.roles.includes('metrics'),
      };
      assert.deepEqual(Object.fromEntries(Object.entries(allowed).map(([what, may]) => [what, may ? 1 : 0])), expected);
    });
  }

  it('a sorter without a plant is not made', async (test) => {
    const path = join(await temporaryFolder(test), 'tokens.json');
    assert.throws(
      () => addToken(path, { ...SORTER, plant: null }, NOON_MS, randomBytes),
      /a sorter belongs to a plant/,
    );
    assert.throws(() => readTokenFile(path), /no such file of tokens/, 'and nothing is left behind');
  });
});

describe('a handle that is open', () => {
  it('notices a revocation within its bound, also for clients that are in already', async (test) => {
    const gate = await Gate.open(test);
    const identity = gate.access.authenticate(`Bearer ${gate.token}`);
    assert.ok(!isAccessRefusal(identity));
    const revokedAt = revokeToken(gate.path, gate.id, NOON_MS)?.revokedAt;
    gate.nowMs += TOKENS_POLL_MS;
    assert.equal(gate.ask(), 'revoked');
    assert.deepEqual(gate.access.recheck(identity), { refusal: 'revoked' });
    assert.equal(revokeToken(gate.path, gate.id, NOON_MS + 5_000)?.revokedAt, revokedAt, 'the first date stays');
    assert.equal(revokeToken(gate.path, '000000000000', NOON_MS), null);
  });

  it('notices one when the clock was set back, too', async (test) => {
    const gate = await Gate.open(test);
    revokeToken(gate.path, gate.id, NOON_MS);
    gate.nowMs -= 3_600_000;
    assert.equal(gate.ask(), 'revoked');
  });

  it('notices a new token, and still knows who is in', async (test) => {
    const gate = await Gate.open(test);
    const identity = gate.access.authenticate(`Bearer ${gate.token}`);
    assert.ok(!isAccessRefusal(identity));
    const { token } = addToken(gate.path, { ...SORTER, name: 'DBCS-13' }, NOON_MS, randomBytes);
    gate.nowMs += TOKENS_POLL_MS;
    assert.equal(gate.ask(`Bearer ${token}`), 'DBCS-13');
    assert.equal(gate.access.recheck(identity), null);
  });

  it('lets nobody in while the file is missing or tampered with, says so once, and goes on afterwards', async (test) => {
    const gate = await Gate.open(test);
    const good = await readFile(gate.path);
    await writeFile(gate.path, '{"version": 1, "tokens": [');
    gate.nowMs += TOKENS_POLL_MS;
    assert.deepEqual([gate.ask(), gate.ask(), gate.ask(null)], ['unavailable', 'unavailable', 'missing']);
    await rm(gate.path);
    gate.nowMs += TOKENS_POLL_MS;
    assert.equal(gate.ask(), 'unavailable');
    assert.equal(gate.problems.length, 2);
    for (const problem of gate.problems) assert.ok(problem.startsWith(gate.path), problem);
    await writeFile(gate.path, good, { mode: 0o600 });
    gate.nowMs += TOKENS_POLL_MS;
    assert.equal(gate.ask(), 'DBCS-12');
  });
});

describe('a file of tokens that was tampered with', () => {
  const entry: Record<string, unknown> = {
    ...{ id: '0a1b2c3d4e5f', name: 'DBCS-12', plant: '06484', roles: ['sorter'] },
    ...{ createdAt: '2026-11-22T12:00:00.000Z', expiresAt: null, revokedAt: null },
    ...{ sha256: 'ab'.repeat(32), certificateSha256: null },
  };
  it('would be read if it were whole', async (test) => {
    const path = join(await temporaryFolder(test), 'tokens.json');
    await writeFile(path, JSON.stringify({ version: 1, tokens: [entry] }), { mode: 0o600 });
    assert.deepEqual(readTokenFile(path), [entry]);
  });
  const without = (name: string) => Object.fromEntries(Object.entries(entry).filter(([key]) => key !== name));
  const tampered: [string, () => unknown, RegExp][] = [
    ['is not JSON', () => undefined, /not JSON/],
    ['is of another version', () => ({ version: 2, tokens: [] }), /\/version/],
    ['has an unknown field', () => ({ version: 1, tokens: [], admin: true }), /tokens\.json: \//],
    ['has an unknown field in a token', () => ({ version: 1, tokens: [{ ...entry, admin: true }] }), /\/tokens\/0/],
    ['lacks a field', () => ({ version: 1, tokens: [without('revokedAt')] }), /\/tokens\/0/],
    ['has an unknown role', () => ({ version: 1, tokens: [{ ...entry, roles: ['root'] }] }), /\/tokens\/0\/roles/],
    ['has no role', () => ({ version: 1, tokens: [{ ...entry, roles: [] }] }), /\/tokens\/0\/roles/],
    ['has a sorter of all plants', () => ({ version: 1, tokens: [{ ...entry, plant: null }] }), /belongs to a plant/],
    ['has an id twice', () => ({ version: 1, tokens: [entry, entry] }), /another token has the same id/],
    ['has neither digest', () => ({ version: 1, tokens: [{ ...entry, sha256: null }] }), /neither a token nor/],
    ['has both digests', () => ({ version: 1, tokens: [{ ...entry, certificateSha256: entry.sha256 }] }), /or both/],
    ['has a digest cut short', () => ({ version: 1, tokens: [{ ...entry, sha256: 'ab' }] }), /\/tokens\/0\/sha256/],
    [
      'has a day that does not exist',
      () => ({ version: 1, tokens: [{ ...entry, expiresAt: '2026-02-30T00:00:00.000Z' }] }),
      /date that does not exist/,
    ],
    [
      'has a name that writes over terminals',
      () => ({ version: 1, tokens: [{ ...entry, name: 'a\u001b[2Jb' }] }),
      /\/tokens\/0\/name/,
    ],
  ];
  for (const [what, content, message] of tampered) {
    it(`as it ${what} is refused, and named`, async (test) => {
      const path = join(await temporaryFolder(test), 'tokens.json');
      await writeFile(path, JSON.stringify(content()) ?? '{"version', { mode: 0o600 });
      const isNamed = (error: unknown) =>
        error instanceof TokenFileError && message.test(error.message) && error.message.startsWith(path);
      assert.throws(() => openTokens(path, { nowMs: () => NOON_MS }), isNamed);
      const written = await readFile(path, 'utf8');
      assert.throws(() => addToken(path, SORTER, NOON_MS, randomBytes), isNamed);
      assert.equal(await readFile(path, 'utf8'), written, 'a command leaves it as it was');
    });
  }

  it('as others may write it is refused', async (test) => {
    const { path } = await Gate.open(test);
    for (const mode of [0o620, 0o602]) {
      await chmod(path, mode);
      assert.throws(() => openTokens(path, { nowMs: () => NOON_MS }), /users other than its owner may write it/);
    }
  });

  it('is not written by two commands at once', async (test) => {
    const { path } = await Gate.open(test);
    await writeFile(`${path}.new`, '');
    assert.throws(() => addToken(path, SORTER, NOON_MS, randomBytes), /another command; if by none, delete this file/);
    await rm(`${path}.new`);
    addToken(path, SORTER, NOON_MS, randomBytes);
    assert.equal(readTokenFile(path).length, 2);
  });
});

describe('a client certificate', () => {
  const certificate = Buffer.from('the bytes of a certificate');

  it('lets its machine in, and no other certificate or token does', async (test) => {
    const gate = await Gate.open(test, { certificate });
    assert.equal(gate.token, '');
    assert.equal(gate.askWith(certificate), 'DBCS-12');
    assert.equal(gate.askWith(Buffer.from('another')), 'unknown');
    assert.equal(gate.askWith(undefined), 'missing');
    assert.equal(gate.ask(`Bearer indicia_${gate.id}_${'0'.repeat(64)}`), 'unknown');
  });

  it('is revoked like a token, and may be added again', async (test) => {
    const gate = await Gate.open(test, { certificate });
    revokeToken(gate.path, gate.id, NOON_MS);
    gate.nowMs += TOKENS_POLL_MS;
    assert.equal(gate.askWith(certificate), 'revoked');
    addToken(gate.path, { ...SORTER, certificate }, NOON_MS, randomBytes);
    gate.nowMs += TOKENS_POLL_MS;
    assert.equal(gate.askWith(certificate), 'DBCS-12');
  });
});
