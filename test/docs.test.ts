import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DETECTORS, readPolicy } from '../analytics/index.ts';
import { FIELDS, type Field, SIGNED_BYTES, SUITES } from '../indicium/layout.ts';
import { GUARDS } from '../psd-sim/psd/guards.ts';
import { indicia } from './support/command-line.ts';
import { temporaryFolder } from './support/temporary.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

describe('docs/INDICIUM.md', () => {
  const rows = read('docs/INDICIUM.md').replaceAll(/ +/g, ' ').split('\n');

  it('has the table of the layout, row for row', () => {
    for (const [name, field] of Object.entries<Field>(FIELDS)) {
      const range = field.min === undefined ? '' : `, ${field.min} to ${field.max}`;
      const row = `| ${field.offset} | ${field.bytes} | \`${name}\` | ${field.kind}${range} | ${field.meaning} |`;
      assert.ok(rows.includes(row), row);
    }
    for (const [number, { name, signatureBytes }] of Object.entries(SUITES)) {
      assert.ok(rows.includes(`| ${number} | \`${name}\` | ${signatureBytes} |`), name);
    }
  });

  it('describes fields that lie one after another and fill the signed part', () => {
    let offset = 0;
    for (const field of Object.values(FIELDS)) {
      assert.equal(field.offset, offset, field.meaning);
      offset += field.bytes;
    }
    assert.equal(offset, SIGNED_BYTES);
  });
});

describe('README.md', () => {
  const commands = [...read('README.md').matchAll(/^npx indicia (trust \w+|\w+)(.*)$/gm)];
  const helps = new Map<string, string>();
  before(async () => {
    for (const name of new Set(commands.map(([, name = '']) => name))) {
      helps.set(name, (await indicia([...name.split(' '), '--help'])).stdout);
    }
  });

  it('shows only commands and flags that there are', () => {
    assert.ok(commands.length >= 8);
    for (const [, name = '', rest = ''] of commands) {
      const help = helps.get(name) ?? '';
      assert.match(help, new RegExp(`Usage: indicia ${name}`));
      for (const [flag] of rest.replace(/#.*$/, '').matchAll(/--[a-z]+/g))
        assert.ok(help.includes(flag), `${name} ${flag}`);
    }
  });

  it('has its two commands in package.json', () => {
    const { scripts } = JSON.parse(read('package.json'));
    for (const script of ['start', 'test']) {
      assert.match(read('README.md'), new RegExp(`^npm ${script} `, 'm'));
      assert.ok(scripts[script] !== undefined && scripts[`pre${script}`].includes('ready'), script);
    }
  });
});

describe('docs/DETECTORS.md', () => {
  const plain = (text: string) => text.replaceAll('**', '').replaceAll(/\s+/g, ' ');
  const sections = new Map(
    read('docs/DETECTORS.md')
      .split(/^### /m)
      .slice(1)
      .map((section) => [section.slice(0, section.indexOf('\n')), section]),
  );

  it('has every detector, with all that its file says of it', () => {
    assert.deepEqual([...sections.keys()], DETECTORS.map(({ name }) => name).toSorted());
    for (const { name, header } of DETECTORS) {
      const said = plain(header.replaceAll(/^--/gm, '')).trim();
      assert.match(said, /^(?:Proves|Informs): .* Cannot: .* Parameters: /, name);
      assert.ok(plain(sections.get(name) ?? '').includes(said), `${name}: not what its file says`);
    }
  });

  it('shows a finding of each, as the command prints it', () => {
    for (const [name, section] of sections) {
      const example = JSON.parse(section.match(/```json\n(.*)\n```/)?.[1] ?? '{}');
      assert.equal(example.kind, name);
      const keys = ['kind', 'severity', 'license', 'psd', 'scanIds', 'detail', 'policyVersion'];
      assert.deepEqual(Object.keys(example), keys);
      assert.equal(example.scanIds.length === 0, example.severity === 'information');
    }
  });

  it('shows a policy that is one', async (test) => {
    const path = join(await temporaryFolder(test), 'policy.json');
    await writeFile(path, read('docs/DETECTORS.md').match(/```json\n({\n[\s\S]*?)```/)?.[1] ?? '');
    assert.equal(readPolicy(path).version, 2);
  });
});

describe('links between documents', () => {
  const documents = [
    'README.md',
    'CHANGELOG.md',
    ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => join('docs', name)),
  ];
  for (const document of documents.filter((name) => name.endsWith('.md'))) {
    it(`of ${document} lead somewhere`, () => {
      for (const [, target = ''] of read(document).matchAll(/\]\(([^)#]+)\)/g)) {
        if (target.startsWith('https://')) continue;
        assert.ok(existsSync(join(ROOT, dirname(document), target)), `${document}: ${target}`);
      }
    });
  }
});

describe('docs/PATENT.md', () => {
  const text = read('docs/PATENT.md');

  it('names files and tests that there are', () => {
    const rows = text.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| ---'));
    assert.ok(rows.length >= 40, `${rows.length} rows`);
    for (const [path] of text.matchAll(/(?:psd-sim|test)\/[\w/.-]+/g)) assert.ok(existsSync(join(ROOT, path)), path);
    for (const row of rows) {
      for (const [, file = '', titles = ''] of row.matchAll(/(test\/[\w/.-]+\.ts)((?: ?,? "[^"]+")*)/g)) {
        for (const [, title = ''] of titles.matchAll(/"([^"]+)"/g)) {
          const isTitle = read(file).includes(title) || GUARDS.some((guard) => guard === title);
          assert.ok(isTitle, `${file} has no "${title}"`);
        }
      }
    }
  });

  it('leaves out no block number of Fig. 4 and no claim', () => {
    for (const block of [60, 61, 62, 63, 64, 65, 66, 67])
      assert.match(text, new RegExp(`^\\| .*\\b${block}\\b.* \\|`, 'm'));
    for (const claim of [1, 2, 3, 4, 5, 6, 7]) assert.match(text, new RegExp(`^\\| ${claim} \\|`, 'm'));
  });
});
