import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The table of docs/ARCHITECTURE.md: what each folder may import. '.' are the files at the top. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  bin: ['.'],
  indicium: [],
  sharing: [],
  scans: ['indicium'],
  api: ['indicium', 'scans'],
  ingest: ['indicium', 'sharing', 'scans'],
  decode: ['indicium', 'sharing'],
  verify: ['indicium'],
  analytics: ['indicium'],
  server: ['indicium', 'scans', 'api', 'sharing'],
  client: ['indicium', 'scans', 'api'],
  'psd-sim': ['indicium'],
  desk: ['indicium', 'analytics', 'verify'],
  app: ['indicium', 'scans', 'api', 'ingest', 'decode', 'verify', 'analytics', 'server'],
  commands: ['*'],
  '.': ['bin', 'commands'],
  benchmarks: ['*'],
  examples: ['*'],
  test: ['*'],
};

/** The simulator shares nothing with the postal side but the table of the layout, and what the command line tells from a fault. */
const SHARED_WITH_SIMULATOR = ['indicium/layout.ts', 'indicium/failures/expected-error.ts'];

/** Beside the product: they measure, show and prove. They may import anything, and nothing imports them. */
const BESIDE: readonly string[] = ['benchmarks', 'examples', 'test'];

/** Each library stands behind adapters: the only files of the product that may import it. */
const LIBRARIES: Record<string, readonly string[]> = {
  '@cornerstonejs/codec-libjpeg-turbo-8bit': ['decode/jpeg-turbo.d.ts', 'decode/small-jpeg.ts'],
  '@duckdb/node-api': ['analytics/store/'],
  '@duckdb/node-bindings': ['analytics/store/vectors.ts'],
  '@napi-rs/canvas': ['decode/bmp.ts', 'psd-sim/print/face.ts', 'psd-sim/print/type-face.ts'],
  '@opentelemetry/api': ['server/tracing.ts'],
  '@zxing/library': ['decode/second/zxing-js.ts'],
  '@peculiar/x509': ['psd-sim/offices/certificate-issuer.ts'],
  'apache-arrow': ['analytics/output/arrow-output.ts'],
  commander: ['commands/'],
  kafkajs: ['ingest/kafka/kafkajs/'],
  'lz4-napi': ['ingest/kafka/kafkajs/codecs.ts'],
  asn1js: [],
  fastify: ['server/'],
  pino: ['server/log.ts'],
  piscina: ['app/reader-pool.ts', 'app/reader.ts', 'psd-sim/print/pictures.ts'],
  pkijs: ['verify/x509/parse.ts'],
  'prom-client': ['server/lake-metrics.ts', 'server/metrics.ts', 'server/stage/stage-metrics.ts'],
  'pure-rand': ['psd-sim/random.ts'],
  'reflect-metadata': ['psd-sim/offices/certificate-issuer.ts'],
  sharp: ['decode/pixels.ts'],
  snappy: ['ingest/kafka/kafkajs/codecs.ts'],
  typebox: [
    'analytics/judge/policy-file.ts',
    'api/',
    'client/',
    'commands/bench/results-file.ts',
    'commands/kafka/trial-broker/',
    'ingest/',
    'scans/shapes/',
    'server/',
    'verify/',
    'psd-sim/',
  ],
  yazl: ['analytics/output/xlsx-output.ts'],
  'zxing-wasm': ['decode/zxing-wasm.ts', 'psd-sim/print/data-matrix.ts'],
};

/** Started by name and not by import: the command line and the workers. */
const ENTRY_POINTS = [
  'bin/indicia.js',
  'bin/build-package.js',
  'bin/client.js',
  'main.ts',
  'app/reader.ts',
  'analytics/recorder/recorder-worker.ts',
  'analytics/partition/copy-worker.ts',
  'analytics/store/lake/merge-worker.ts',
  'analytics/query-process/entry.ts',
  'decode/process/entry.ts',
  'psd-sim/print/print-worker.ts',
  'psd-sim/fleet/fleet-worker.ts',
];

/** Words that a newcomer would have to learn or to think about, and what stands in their place. */
const BANNED_WORDS: Readonly<Record<string, string>> = {
  VerdictDesk: 'VerdictDispatcher',
  RoomGate: 'RoomSemaphore',
  DetectedNews: 'DetectedDelta',
  Beside: 'SideConnections',
  onTrouble: 'onRecoverableError',
  PoisonCode: 'DeadLetterCode',
  '#bear': '#backOff',
  lookAround: 'onIdle',
  withoutNotScans: 'rejectMalformed',
  leftOut: 'unacknowledged',
  orResultOf: 'raceFailure',
  FraudWatch: 'DetectorScheduler',
  '\\w+_LOOK_MS': '_POLL_MS',
  pausedTooLong: 'stopTimeout',
  calledOff: 'aborted',
  '\\w*Wish': 'Options or Request',
  offerDaring: 'offerSpeculative',
  keepImpression: 'keepSoftDecision',
  Crook: 'Attacker',
  tryAgain: 'retry',
  againAfterMs: 'retryAfterMs',
  bestWay: 'bestEncoding',
  WholeProblem: 'IntegrityProblem',
  '[Ww]hoever': 'who exactly is meant',
};

interface Source {
  readonly path: string;
  readonly folder: string;
  readonly text: string;
  readonly imports: readonly string[];
  /** Of these, the ones that are there at run time, before anything runs: no types, and no import(). */
  readonly loads: readonly string[];
}

function filesOf(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' || entry.name.startsWith('.') ? [] : filesOf(path);
    return [path];
  });
}

const files = filesOf('');

// Plain JavaScript is there only where an old Node must read it.
const sourceFiles = files.filter((path) => path.endsWith('.ts') || path.startsWith('bin/'));

const sources: Source[] = sourceFiles.map((path) => {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const imports = [
    ...text.matchAll(/^(?:import|export)\b[^;]*?from '([^']+)'|^import '([^']+)'|import\('([^']+)'\)/gm),
  ];
  const isLoaded = ([statement]: RegExpMatchArray) =>
    !/^(?:import\(|\w+ type )|^\w+ \{(?:\s*type [^,}]+,?)+\s*\} from/.test(statement);
  const [top = ''] = path.split('/');
  return {
    path,
    folder: path.includes('/') ? top : '.',
    text,
    imports: imports.map((match) => match[1] ?? match[2] ?? match[3] ?? ''),
    loads: imports.filter(isLoaded).map((match) => match[1] ?? match[2] ?? ''),
  };
});

const pathsOfAll: ReadonlySet<string> = new Set(sources.map(({ path }) => path));
const product = sources.filter(({ folder }) => !BESIDE.includes(folder));

/** Text beside the sources; the history of changes names what there was. */
const texts = files
  .filter((path) => /\.(?:md|sql)$/.test(path) && path !== 'CHANGELOG.md')
  .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));

function targetOf(source: Source, specifier: string): string | null {
  return specifier.startsWith('.') ? normalize(join(dirname(source.path), specifier)) : null;
}

function libraryOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** What is loaded before the first line of a file runs, through all that it imports. */
function librariesOf(entry: string): string[] {
  const seen = new Set<string>();
  const found = new Set<string>();
  const visit = (path: string): void => {
    const source = sources.find((one) => one.path === path);
    if (source === undefined || seen.has(path)) return;
    seen.add(path);
    for (const specifier of source.loads) {
      const target = targetOf(source, specifier);
      if (target !== null) visit(target);
      else if (!specifier.startsWith('node:')) found.add(libraryOf(specifier));
    }
  };
  visit(entry);
  assert.ok(seen.size > 1, entry);
  return [...found].toSorted();
}

function folderOf(path: string): string {
  return path.includes('/') ? (path.split('/')[0] ?? '') : '.';
}

function mayImport(folder: string, other: string): boolean {
  const allowed = MAY_IMPORT[folder] ?? [];
  return allowed.includes(other) || (allowed.includes('*') && !BESIDE.includes(other));
}

function assertNone(problems: readonly string[]): void {
  assert.deepEqual(problems, []);
}

/** Each circle of imports once, as the files on it. */
function circlesIn(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const circles: string[] = [];
  const done = new Set<string>();
  const way: string[] = [];
  const visit = (path: string): void => {
    if (done.has(path)) return;
    const at = way.indexOf(path);
    if (at !== -1) {
      circles.push([...way.slice(at), path].join(' > '));
      return;
    }
    way.push(path);
    for (const target of imports.get(path) ?? []) visit(target);
    way.pop();
    done.add(path);
  };
  for (const path of imports.keys()) visit(path);
  return circles;
}

describe('the architecture', () => {
  it('has only folders that the table names, and each of them', () => {
    assertNone(sources.filter(({ folder }) => MAY_IMPORT[folder] === undefined).map(({ path }) => path));
    assertNone(Object.keys(MAY_IMPORT).filter((folder) => !existsSync(join(ROOT, folder))));
  });

  it('is imported as the table allows, through the public faces of each folder, which are named index.ts', () => {
    const problems: string[] = [];
    for (const source of product) {
      for (const specifier of source.imports) {
        const target = targetOf(source, specifier);
        if (target === null) continue;
        const folder = folderOf(target);
        if (folder === source.folder) continue;
        const isFace =
          source.folder === 'psd-sim' ? SHARED_WITH_SIMULATOR.includes(target) : target.endsWith('/index.ts');
        const isAllowed = mayImport(source.folder, folder) && (isFace || ['.', 'bin', 'commands'].includes(folder));
        if (!isAllowed) problems.push(`${source.path} imports ${target}`);
      }
    }
    assertNone(problems);
  });

  it('loads for each thread, and for the start of a run, only libraries that all of its work needs', () => {
    const beside = new Set([
      'apache-arrow',
      '@duckdb/node-api',
      '@zxing/library',
      'fastify',
      'kafkajs',
      'pkijs',
      'sharp',
    ]);
    assert.deepEqual(librariesOf('app/reader.ts'), ['piscina']);
    assert.deepEqual(librariesOf('analytics/recorder/recorder-worker.ts'), [
      '@duckdb/node-api',
      '@duckdb/node-bindings',
    ]);
    assertNone(librariesOf('commands/run/run-command.ts').filter((name) => beside.has(name)));
  });

  it('keeps each library behind its adapters', () => {
    const problems: string[] = [];
    for (const source of product) {
      for (const specifier of source.imports) {
        if (specifier.startsWith('.') || specifier.startsWith('node:')) continue;
        const name = libraryOf(specifier);
        const allowed = LIBRARIES[name] ?? [];
        if (!allowed.some((path) => source.path.startsWith(path))) problems.push(`${source.path} imports ${name}`);
      }
    }
    assertNone(problems);
  });

  it('declares the libraries that it uses, and no others', () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    // Data, read as files.
    const read = ['dejavu-fonts-ttf', 'zipcodes'];
    assert.deepEqual(Object.keys(manifest.dependencies).toSorted(), [...Object.keys(LIBRARIES), ...read].toSorted());
    const versions: string[] = Object.values({ ...manifest.dependencies, ...manifest.devDependencies });
    assertNone(versions.filter((version) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)));
  });

  it('has no file that nothing imports', () => {
    const imported = new Set(
      sources.flatMap((source) => source.imports.map((specifier) => targetOf(source, specifier))),
    );
    const faces = Object.keys(MAY_IMPORT).map((folder) => `${folder}/index.ts`);
    const orphans = product.filter(({ path }) => !imported.has(path) && ![...ENTRY_POINTS, ...faces].includes(path));
    // Types of a library that has none of its own are named by nobody.
    assertNone(orphans.map(({ path }) => path).filter((path) => !path.endsWith('.d.ts')));
  });

  it('exports nothing that no other file uses', () => {
    const declared = /^export (?:abstract )?(?:async )?(?:const|function\*?|class|interface|type|let) (\w+)/gm;
    const words = new Map(sources.map(({ path, text }) => [path, new Set(text.match(/\w+/g))]));
    const problems = product.flatMap(({ path, text }) =>
      [...text.matchAll(declared)].flatMap(([, name = '']) =>
        [...words].some(([other, its]) => other !== path && its.has(name)) ? [] : [`${path}: ${name}`],
      ),
    );
    assertNone(problems);
  });

  it('has no two files that import each other, directly or through others', () => {
    const imports = new Map(
      sources.map((source) => [
        source.path,
        source.imports.flatMap((specifier) => targetOf(source, specifier) ?? []).filter((path) => pathsOfAll.has(path)),
      ]),
    );
    assertNone(circlesIn(imports));
  });

  it('keeps a folder small enough to be looked over', () => {
    const FILES_MAX = 25;
    const files = Map.groupBy(product, ({ path }) => dirname(path));
    const full = [...files].filter(([, its]) => its.length > FILES_MAX);
    assertNone(full.map(([folder, its]) => `${folder} has ${its.length} files`));
  });

  it('names only decisions that were made, and each by its number', () => {
    const made = new Set(readdirSync(join(ROOT, 'docs/decisions')).map((name) => Number(name.slice(0, 4))));
    const documents = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => ({ path: join('docs', name), text: readFileSync(join(ROOT, 'docs', name), 'utf8') }));
    const all = [...sources, ...documents];
    const named = all.flatMap(({ path, text }) =>
      [...text.matchAll(/\bdecisions?[/ ](\d+)/g)].map((match) => ({ path, number: Number(match[1]) })),
    );
    assert.ok(named.length > 30);
    assertNone(
      named.filter(({ number }) => !made.has(number)).map(({ path, number }) => `${path}: decision ${number}`),
    );
    const linked = all.flatMap(({ path, text }) =>
      [...text.matchAll(/\[(?:decision )?(\d+)\]\([^)]*?(\d{4})-/g)].map((match) => ({ path, match })),
    );
    assertNone(
      linked.flatMap(({ path, match: [link, said, file] }) =>
        Number(said) === Number(file) ? [] : [`${path}: ${link}`],
      ),
    );
  });

  it('has no word of a private language where the craft has one', () => {
    const own = relative(ROOT, fileURLToPath(import.meta.url));
    const problems = [...sources, ...texts].flatMap(({ path, text }) =>
      path === own
        ? []
        : Object.keys(BANNED_WORDS).flatMap((word) =>
            new RegExp(`\\b${word}\\b`).test(text) ? [`${path}: ${word}`] : [],
          ),
    );
    assertNone(problems);
  });

  it('takes time and randomness from outside', () => {
    const forbidden = /\bDate\.now\b|\bMath\.random\b|\bnew Date\(\)/;
    // The clock of the command line is handed in where the program starts.
    const found = product.filter(({ path, text }) => path !== 'main.ts' && forbidden.test(text));
    assertNone(found.map(({ path }) => path));
  });

  it('has no way around the type checker, and no unfinished business', () => {
    const forbidden =
      /:\s*any\b|\bas any\b|\bas unknown as\b|@ts-(?:ignore|expect-error|nocheck)|\bTO{2}DO\b|\bFIXM{1}E\b/;
    const own = relative(ROOT, fileURLToPath(import.meta.url));
    assertNone(sources.filter(({ path, text }) => path !== own && forbidden.test(text)).map(({ path }) => path));
  });

  it('keeps a file to one concept that fits a few screens', () => {
    const LINES_MAX = 250;
    assertNone(product.filter(({ text }) => text.split('\n').length > LINES_MAX).map(({ path }) => path));
    assertNone(product.filter(({ path }) => /util|helper|common|misc/i.test(path)).map(({ path }) => path));
  });

  it('gives every folder one public face', () => {
    const folders = Object.keys(MAY_IMPORT).filter((folder) => !['.', 'bin', 'commands', ...BESIDE].includes(folder));
    assertNone(folders.filter((folder) => !statSync(join(ROOT, folder, 'index.ts')).isFile()));
  });
});
