import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, mock } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import fc from 'fast-check';
import { DEFAULT_POLICY, PolicyError, readPolicy } from '../../analytics/judge/index.ts';
import { applyConfigFile, ConfigError } from '../../commands/config-file.ts';
import { isAnswer } from '../../decode/process/answer.ts';
import { hasImageEnd } from '../../ingest/drop/whole-image.ts';
import { openTokens } from '../../server/access/access.ts';
import { addToken } from '../../server/access/edit-tokens.ts';
import { parseTokens, TokenFileError } from '../../server/access/token-file.ts';
import { REGISTRY_LINE_CHARS_MAX } from '../../verify/limits.ts';
import { loadRegistry } from '../../verify/registry/index.ts';
import { RegistryError } from '../../verify/registry-error.ts';
import { openEnvelope } from '../../verify/trust/envelope.ts';
import { isRefusal } from '../../verify/trust/failures.ts';
import { applyPatches, parseIncrement } from '../../verify/trust/increment.ts';
import { acceptHead, LIST_TYPE } from '../../verify/trust/list.ts';
import { openRoot } from '../../verify/trust/root.ts';
import { fuzzed, hostileText, hostileValue, largeText, mangled } from '../support/hostile-inputs.ts';
import { SmallWorld } from '../support/marks.ts';
import { filesOf, NOW_MS, publishedRegistry } from '../support/published.ts';
import { temporaryFolder } from '../support/temporary.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Characters of a message for people. */
const MESSAGE_CHARS_MAX = 700;

const isBounded = (message: string) =>
  assert.ok(message.length < MESSAGE_CHARS_MAX, `${message.length}: ${message.slice(0, 300)}`);

/** A document in which any value may be any other, as JSON that may be mangled. */
function changed(document: object): fc.Arbitrary<string> {
  const places = paths(document);
  const change = fc.tuple(
    fc.constantFrom(...places),
    fc.oneof({ weight: 5, arbitrary: hostileValue }, { weight: 1, arbitrary: largeText }),
  );
  return mangled(
    fc.array(change, { minLength: 1, maxLength: 2 }).map((changes) => {
      const copy: unknown = structuredClone(document);
      for (const [path, value] of changes) put(copy, path, value);
      return JSON.stringify(copy);
    }),
  );
}

function paths(value: unknown, before: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [[...before, name], ...paths(inner, [...before, name])]);
}

function put(to: unknown, [name = '', ...rest]: readonly string[], value: unknown): void {
  if (typeof to !== 'object' || to === null) return;
  if (rest.length === 0)
    Object.defineProperty(to, name, { value, enumerable: true, configurable: true, writable: true });
  else put(Object.entries(to).find(([known]) => known === name)?.[1], rest, value);
}

describe('any file of tokens, and any authorization', () => {
  it('is taken or refused with a short sentence', async (test) => {
    const path = join(await temporaryFolder(test), 'tokens.json');
    const grant = { name: 'DBCS-12', plant: '06484', roles: ['sorter' as const], expiresAtMs: null, certificate: null };
    addToken(path, grant, NOW_MS, (bytes) => Buffer.alloc(bytes, 7));
    fc.assert(
      fc.property(changed(JSON.parse(await readFile(path, 'utf8'))), (text) => {
        try {
          parseTokens(path, text);
        } catch (error) {
          assert.ok(error instanceof TokenFileError);
          isBounded(error.message);
        }
      }),
      fuzzed(150),
    );
    for (const entry of ['"x"', '{"id":"x"}', '[]', '{"a":{"a":1}}']) {
      const many = `{"version":1,"tokens":[${Array.from({ length: 300_000 }, () => entry).join()}]}`;
      assert.throws(() => parseTokens(path, many), /has 300000 entries, at most 50000/);
      const some = `{"version":1,"tokens":[${Array.from({ length: 40_000 }, () => entry).join()}]}`;
      assert.throws(() => parseTokens(path, some), /\/tokens\/0/);
    }
    const access = openTokens(path, { nowMs: () => NOW_MS });
    const header = fc.oneof(
      hostileText,
      largeText,
      hostileText.map((text) => `Bearer ${text}`),
      largeText.map((text) => `bearer ${text}`),
    );
    fc.assert(
      fc.property(header, (text) => assert.ok('refusal' in access.authenticate(text))),
      fuzzed(100),
    );
    const looks = mock.method(RegExp.prototype, 'exec');
    access.authenticate(`bearer ${'a'.repeat(1_000_000)}`);
    assert.equal(looks.mock.callCount(), 0, 'a header longer than any is not looked into');
    looks.mock.restore();
  });
});

describe('any policy and any config file', () => {
  it('of a policy is taken or refused with a short sentence', async (test) => {
    const path = join(await temporaryFolder(test), 'policy.json');
    const { digest: _, ...document } = DEFAULT_POLICY;
    await fc.assert(
      fc.asyncProperty(changed(document), async (text) => {
        await writeFile(path, text);
        try {
          readPolicy(path);
        } catch (error) {
          assert.ok(error instanceof PolicyError);
          isBounded(error.message);
        }
      }),
      fuzzed(100),
    );
  });

  it('of flags is taken or refused with a short sentence, and none too long is read', async (test) => {
    const path = join(await temporaryFolder(test), 'indicia.json');
    const program = () => {
      const made = new Command();
      made.command('run').option('--db <file>').option('--workers <n>', '', Number);
      return made;
    };
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          changed({ db: 'a', workers: 3 }),
          fc.dictionary(hostileText, hostileValue).map((any) => JSON.stringify(any)),
        ),
        async (text) => {
          await writeFile(path, text);
          try {
            applyConfigFile(program(), path);
          } catch (error) {
            assert.ok(error instanceof ConfigError);
            isBounded(error.message);
          }
        },
      ),
      fuzzed(80),
    );
    await writeFile(path, `{"db":"${'a'.repeat(2 ** 20)}"}`);
    assert.throws(() => applyConfigFile(program(), path), /longer than it may be/);
  });
});

describe('any trust list', () => {
  const documents = async (test: Parameters<typeof temporaryFolder>[0]) => {
    const folder = await publishedRegistry(test, filesOf(new SmallWorld(1, 1).records));
    const read = async (name: string) => JSON.parse(await readFile(join(folder, name), 'utf8'));
    return { folder, root: await read('root.json'), list: await read('trust-list.json') };
  };

  it('is accepted or refused with a short sentence, and nothing that was changed is accepted', async (test) => {
    const { folder, root, list } = await documents(test);
    const trusted = openRoot(JSON.stringify(root));
    assert.ok(!isRefusal(trusted));
    fc.assert(
      fc.property(changed(list), (text) => {
        const head = acceptHead(text, trusted, [], null, NOW_MS);
        if (isRefusal(head)) isBounded(head.detail);
        else assert.equal(JSON.parse(text).payload, list.payload);
        const opened = openEnvelope(text, LIST_TYPE);
        if (isRefusal(opened)) isBounded(opened.detail);
      }),
      fuzzed(150),
    );
    fc.assert(
      fc.property(changed(root), (text) => {
        const opened = openRoot(text);
        if (isRefusal(opened)) isBounded(opened.detail);
      }),
      fuzzed(150),
    );
    await assert.doesNotReject(loadRegistry(folder, NOW_MS));
  });

  it('has an increment of any lines', () => {
    const patch = { file: 'keys.ndjson', at: 1, remove: 2, insert: ['a'] };
    fc.assert(
      fc.property(fc.array(changed(patch), { maxLength: 4 }), (lines) => {
        const patches = parseIncrement(lines.join('\n'));
        if (isRefusal(patches)) isBounded(patches.detail);
        else applyPatches('a\nb\nc\n', patches);
      }),
      fuzzed(60),
    );
  });

  it('may list files of any bytes, which are refused where they are not what was signed', async (test) => {
    const { folder } = await documents(test);
    const copy = join(await temporaryFolder(test), 'registry');
    await cp(folder, copy, { recursive: true });
    const signed = await readFile(join(folder, 'licenses.ndjson'), 'utf8');
    await fc.assert(
      fc.asyncProperty(
        mangled(fc.constant(signed)),
        fc.constantFrom('', '\n'.repeat(1_000), 'x'.repeat(3_000_000)),
        async (text, more) => {
          if (text + more === signed) return;
          await writeFile(join(copy, 'licenses.ndjson'), text + more);
          await assert.rejects(loadRegistry(copy, NOW_MS), (error) => {
            assert.ok(error instanceof RegistryError);
            isBounded(error.message);
            return true;
          });
        },
      ),
      fuzzed(30),
    );
  });

  it('may list a file without a newline, of which no more than a line is kept', async (test) => {
    const { publisher } = await import('../support/published.ts').then(({ publisherIn }) => publisherIn(test));
    const files = new Map([...filesOf(new SmallWorld(1, 1).records), ['psds.ndjson', 'x'.repeat(3 * 2 ** 20)]]);
    await publisher.publishList(files, NOW_MS);
    await assert.rejects(
      loadRegistry(publisher.folder, NOW_MS),
      new RegExp(`a line of more than ${REGISTRY_LINE_CHARS_MAX} characters`),
    );
  });
});

describe('what a reading process says', () => {
  it('is an answer only where each part of it is one', () => {
    const read = { readMs: 1, bytes: Buffer.of(1), symbology: 'DataMatrix', rung: 'quick' };
    const unread = { readMs: 1, failure: 'no-symbol', candidates: [Buffer.of(1)] };
    assert.ok(isAnswer(read) && isAnswer(unread) && isAnswer({ ...unread, candidates: [] }));
    const other = fc.oneof(hostileValue, fc.anything());
    for (const answer of [read, unread]) {
      for (const name of Object.keys(answer)) {
        fc.assert(
          fc.property(other, (value) => {
            const isFine = name === 'readMs' ? Number.isFinite(value) : false;
            const isText = typeof value === 'string' && value.length > 0 && value.length <= 64;
            const isSame = (name === 'symbology' || name === 'rung') && isText;
            const isEmpty = name === 'candidates' && Array.isArray(value) && value.length === 0;
            assert.equal(isAnswer({ ...answer, [name]: value }), isFine || isSame || isEmpty || isBytes(name, value));
          }),
          fuzzed(60),
        );
      }
    }
    assert.equal(isAnswer({ ...read, bytes: Buffer.alloc(1_000_000) }), false);
    assert.equal(isAnswer({ ...unread, candidates: Array.from({ length: 33 }, () => Buffer.of(1)) }), false);
  });

  function isBytes(name: string, value: unknown): boolean {
    return name === 'bytes' && value instanceof Uint8Array;
  }
});

describe('any header of a TIFF', () => {
  it('is looked at in a time that its bound gives, however often it has a table', async (test) => {
    const path = join(await temporaryFolder(test), 'a.tif');
    const entries = 1_000;
    const values = 100_000;
    const bytes = Buffer.alloc(10 + entries * 12 + 4 + values * 4);
    bytes.write('II*\0', 'latin1');
    bytes.writeUInt32LE(8, 4);
    bytes.writeUInt16LE(entries, 8);
    for (let entry = 0; entry < entries; entry++) {
      const at = 10 + entry * 12;
      bytes.writeUInt16LE(entry % 2 === 0 ? 273 : 279, at);
      bytes.writeUInt16LE(4, at + 2);
      bytes.writeUInt32LE(values, at + 4);
      bytes.writeUInt32LE(10 + entries * 12 + 4, at + 8);
    }
    await writeFile(path, bytes);
    const made = mock.method(Array, 'from');
    assert.equal(await hasImageEnd(path), true);
    assert.ok(made.mock.callCount() < 10, `${made.mock.callCount()} tables`);
    made.mock.restore();
  });
});

describe('patterns over what strangers send', () => {
  it('are all over texts of a bounded length', () => {
    const problems: string[] = [];
    for (const folder of ['ingest', 'verify', 'analytics', 'decode', 'indicium']) {
      for (const name of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })) {
        if (!name.endsWith('.ts')) continue;
        const text = readFileSync(join(ROOT, folder, name), 'utf8');
        for (const [shape] of text.matchAll(/Type\.String\(\{[^}]*\bpattern:[\s\S]*?\}\)/g)) {
          if (!shape.includes('maxLength') && !ANSWERS.some((known) => shape.includes(known)))
            problems.push(`${folder}/${name}: ${shape}`);
        }
      }
    }
    assert.deepEqual(problems, []);
  });

  /** Of what this program itself writes, and of names in a head of a trust list, whose bytes are bounded. */
  const ANSWERS = ["'^[0-9]+$'", 'TYPE_PREFIX', "'^\\\\d+$'", "'^[a-z-]+\\\\.ndjson$'"];
});
