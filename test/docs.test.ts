import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DETECTORS } from '../analytics/index.ts';
import { DEFAULT_POLICY, readPolicy } from '../analytics/judge/index.ts';
import { CASE_SUBJECTS } from '../analytics/store/case-subjects.ts';
import { PROBLEMS } from '../api/problems.ts';
import { FIELDS, type Field, SIGNED_BYTES, SUITES } from '../indicium/layout.ts';
import { TOPICS } from '../ingest/kafka/index.ts';
import { GUARDS } from '../psd-sim/psd/guards.ts';
import { indicia } from './support/command-line.ts';
import { FRAMINGS } from './support/framings.ts';
import { marksDocument } from './support/marks-document.ts';
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

describe('docs/MARKS.md', () => {
  it('is what the tables of indicium/profiles say, as node test/support/marks-document.ts writes it', () => {
    assert.equal(read('docs/MARKS.md'), marksDocument());
  });
});

for (const document of ['README.md', 'docs/KAFKA.md']) {
  describe(`${document}, of its commands,`, () => {
    const commands = [...read(document).matchAll(/^npx indicia ((?:trust|kafka) [\w-]+|\w+)(.*)$/gm)];
    const helps = new Map<string, string>();
    before(async () => {
      for (const name of new Set(commands.map(([, name = '']) => name))) {
        helps.set(name, (await indicia([...name.split(' '), '--help'])).stdout);
      }
    });

    it('shows only those that there are, with flags that they have', () => {
      assert.ok(commands.length >= 8);
      for (const [, name = '', rest = ''] of commands) {
        const help = helps.get(name) ?? '';
        assert.match(help, new RegExp(`Usage: indicia ${name}`));
        for (const [flag] of rest.replace(/#.*$/, '').matchAll(/--[a-z]+/g))
          assert.ok(help.includes(flag), `${name} ${flag}`);
      }
    });
  });
}

describe('docs/KAFKA.md', () => {
  const text = read('docs/KAFKA.md');

  it('names only flags that some command has, and every topic', async () => {
    const run = (await indicia(['run', '--help'])).stdout;
    for (const [, flag = ''] of text.matchAll(/`(--(?:tls|sasl|session|prefix)[a-z-]*)`/g))
      assert.ok(run.includes(flag), flag);
    for (const { name } of TOPICS) assert.ok(text.includes(name), name);
  });
});

describe('docs/INTEGRATION.md', () => {
  it('says of every code of a problem, with its status, what to do', () => {
    const rows = read('docs/INTEGRATION.md').split('\n');
    for (const [code, { status }] of Object.entries(PROBLEMS)) {
      const said = new RegExp(`^\\|.*\\b${status} \`${code}\`.*\\|.+\\|.+\\|$`);
      assert.ok(
        rows.some((row) => said.test(row)),
        `${status} ${code}`,
      );
    }
  });
});

describe('docs/SECURITY.md', () => {
  const pages = readdirSync(join(ROOT, 'docs/security'));

  it('leads to each of its pages', () => {
    for (const page of pages) assert.ok(read('docs/SECURITY.md').includes(`](security/${page})`), page);
  });

  for (const page of pages) {
    it(`names for each promise of ${page} tests that exist`, () => {
      const rows = read(`docs/security/${page}`)
        .split('\n')
        .filter((row) => row.startsWith('| ') && row.includes('test/'));
      assert.ok(rows.length >= 5);
      for (const row of rows) {
        for (const [file] of row.matchAll(/test\/[\w./-]+\.ts/g)) assert.ok(existsSync(join(ROOT, file)), file);
      }
    });
  }
});

describe('README.md', () => {
  it('has its two commands in package.json', () => {
    const { scripts } = JSON.parse(read('package.json'));
    for (const script of ['start', 'test']) {
      assert.match(read('README.md'), new RegExp(`^npm ${script} `, 'm'));
      // Within the script: npm runs none before it where ignore-scripts is set.
      assert.match(scripts[script], /^npm run --silent ready && /);
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
      const keys = [
        'kind',
        'severity',
        'license',
        'psd',
        'scanIds',
        'detail',
        'policyVersion',
        'broughtBy',
        'wordOf',
        'role',
      ];
      assert.deepEqual(Object.keys(example), keys);
      const namesNone = example.severity === 'information' || CASE_SUBJECTS[name]?.subject === 'plant';
      assert.equal(example.scanIds.length === 0, namesNone);
    }
  });

  it('says for every kind how far a stranger gets, as the test of its name shows', () => {
    const rows = [...read('docs/DETECTORS.md').matchAll(/^\| `([\w-]+)` \| (.*) \|$/gm)].flatMap(
      ([, kind = '', rest = '']) => {
        const cells = rest.split(' | ');
        return cells.length === 5 ? [{ kind, cells }] : [];
      },
    );
    assert.deepEqual(
      rows.map(({ kind }) => kind),
      DETECTORS.map(({ name }) => name).toSorted(),
    );
    for (const { kind, cells } of rows) {
      const [mail = '', token = '', psd = '', heldBackBy = '', name] = cells;
      const reached = [mail, token, psd].map((cell) => cell.match(/^\w+/)?.[0]);
      const framing = FRAMINGS[kind];
      assert.deepEqual(reached, [framing?.mail, framing?.token, framing?.psd], kind);
      assert.ok(heldBackBy.length > 10 && name === kind, kind);
    }
  });

  it('shows a policy that is one', async (test) => {
    const path = join(await temporaryFolder(test), 'policy.json');
    await writeFile(path, read('docs/DETECTORS.md').match(/```json\n({\n[\s\S]*?)```/)?.[1] ?? '');
    assert.equal(readPolicy(path).version, DEFAULT_POLICY.version + 1);
  });
});

describe('links between documents', () => {
  const documents = [
    ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'examples/README.md'],
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
  const rows = text.split('\n').flatMap((line) => {
    const cells = line.startsWith('| ') ? line.split('|').map((cell) => cell.trim()) : [];
    return cells.length === 0 || cells[1] === '---' || cells.includes('file') ? [] : [cells.slice(1, -1)];
  });
  /** Reference numbers of the description, in the order of its figures. */
  const NUMBERS = [
    ...['20', '21', '22', '23', '24', '25', '26', '30', '31', '32', '33', '34', '35', '40', '41'],
    ...['51', '52', '53', '54', '55'].flatMap((set) => ['a', 'b', 'c'].map((letter) => `${set}${letter}`)),
    ...['60', '61', '62', '63', '64', '65', '66', '67', '44', '45', '71', '72'],
  ];

  it('has a row for every reference number and block, and for every claim', () => {
    const numbers = rows.flatMap(([first = '']) => first.split(', '));
    assert.deepEqual(
      NUMBERS.filter((number) => !numbers.includes(number)),
      [],
    );
    assert.deepEqual(
      numbers.filter((number) => /^\d$/.test(number)),
      ['1', '2', '3', '4', '5', '6', '7'],
    );
    for (const figure of [1, 2, 3, 4, 5]) assert.match(text, new RegExp(`^## .*Fig\\. ${figure}\\b`, 'm'));
  });

  it('names in every row files that there are, with the symbols that it says they have', () => {
    for (const row of rows) {
      const files = [...(row.at(-2) ?? '').matchAll(/([\w/.-]+\.(?:ts|sql))(?: \(([^)]*)\))?/g)];
      assert.ok(files.length > 0, `no file for ${row[0]} ${row[1]}`);
      for (const [, file = '', symbols = ''] of files) {
        assert.ok(existsSync(join(ROOT, file)), file);
        for (const [, symbol = ''] of symbols.matchAll(/`([^`]+)`/g)) {
          assert.ok(read(file).includes(symbol), `${file} has no ${symbol}`);
        }
      }
    }
  });

  it('names in every row tests that there are', () => {
    for (const row of rows) {
      for (const entry of (row.at(-1) ?? '').split('; ')) {
        const [, file = '', kind, title = ''] = entry.match(/^(test\/[\w/.-]+\.test\.ts) (guard )?"([^"]+)"$/) ?? [];
        assert.notEqual(title, '', `no test for ${row[0]} ${row[1]}: ${entry}`);
        if (kind === undefined) assert.ok(titlesIn(file).includes(title), `${file} has no test "${title}"`);
        else assert.ok(file.includes('patent-model') && GUARDS.some((guard) => guard === title), `no guard ${title}`);
      }
    }
  });
});

/** Titles of the tests and suites of a file, one a line. */
function titlesIn(file: string): string {
  const titles = read(file).matchAll(/\b(?:it|describe)\(\s*(['"`])((?:(?!\1).)*)\1/g);
  return [...titles].map(([, , title]) => title).join('\n');
}
