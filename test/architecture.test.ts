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
  ingest: ['indicium', 'sharing'],
  decode: ['indicium', 'sharing'],
  verify: ['indicium'],
  analytics: ['indicium'],
  'psd-sim': ['indicium'],
  console: ['indicium', 'analytics', 'verify'],
  commands: ['bin', 'indicium', 'ingest', 'decode', 'verify', 'analytics', 'psd-sim', 'console', '.'],
  '.': ['bin', 'indicium', 'ingest', 'decode', 'verify', 'analytics', 'psd-sim', 'console', 'commands'],
  benchmarks: ['*'],
  test: ['*'],
};

/** Each library stands behind adapters: the only files that may import it. Tests and benchmarks may import anything. */
const LIBRARIES: Record<string, readonly string[]> = {
  '@duckdb/node-api': ['analytics/store/'],
  '@duckdb/node-bindings': ['analytics/store/vectors.ts'],
  '@napi-rs/canvas': ['decode/bmp.ts', 'psd-sim/face.ts', 'psd-sim/type-face.ts'],
  '@opentelemetry/api': ['ingest/http/tracing.ts'],
  '@zxing/library': ['decode/zxing-js.ts'],
  '@peculiar/x509': ['psd-sim/offices/certificate-issuer.ts'],
  'apache-arrow': ['analytics/arrow-output.ts'],
  commander: ['commands/'],
  kafkajs: ['ingest/kafka/kafkajs/'],
  'lz4-napi': ['ingest/kafka/kafkajs/codecs.ts'],
  asn1js: [],
  fastify: ['ingest/http/'],
  pino: ['ingest/http/log.ts'],
  piscina: ['reader-pool.ts', 'reader.ts', 'psd-sim/pictures.ts'],
  pkijs: ['verify/x509/parse.ts'],
  'prom-client': ['ingest/http/metrics.ts', 'ingest/http/stage-metrics.ts'],
  'pure-rand': ['psd-sim/random.ts'],
  'reflect-metadata': ['psd-sim/offices/certificate-issuer.ts'],
  sharp: ['decode/pixels.ts'],
  snappy: ['ingest/kafka/kafkajs/codecs.ts'],
  typebox: ['analytics/policy-file.ts', 'ingest/', 'verify/', 'psd-sim/'],
  yazl: ['analytics/xlsx-output.ts'],
  'zxing-wasm': ['decode/zxing-wasm.ts', 'psd-sim/data-matrix.ts'],
};

/** Started by name and not by import: the command line and the workers. */
const ENTRY_POINTS = [
  'bin/indicia.js',
  'bin/strip-types.js',
  'main.ts',
  'reader.ts',
  'analytics/recorder-worker.ts',
  'analytics/partition/copy-worker.ts',
  'decode/process/entry.ts',
  'psd-sim/print-worker.ts',
  'psd-sim/fleet-worker.ts',
];

interface Source {
  readonly path: string;
  readonly folder: string;
  readonly text: string;
  readonly imports: readonly string[];
}

function sourcesOf(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' || entry.name.startsWith('.') ? [] : sourcesOf(path);
    // Plain JavaScript is there only where an old Node must read it.
    return path.endsWith('.ts') || path.startsWith('bin/') ? [path] : [];
  });
}

const sources: Source[] = sourcesOf('').map((path) => {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const imports = [
    ...text.matchAll(/^(?:import|export)\b[^;]*?from '([^']+)'|^import '([^']+)'|import\('([^']+)'\)/gm),
  ];
  const [top = ''] = path.split('/');
  return {
    path,
    folder: path.includes('/') ? top : '.',
    text,
    imports: imports.map((match) => match[1] ?? match[2] ?? match[3] ?? ''),
  };
});

const product = sources.filter(({ folder }) => folder !== 'test' && folder !== 'benchmarks');

function targetOf(source: Source, specifier: string): string | null {
  return specifier.startsWith('.') ? normalize(join(dirname(source.path), specifier)) : null;
}

function folderOf(path: string): string {
  return path.includes('/') ? (path.split('/')[0] ?? '') : '.';
}

function assertNone(problems: readonly string[]): void {
  assert.deepEqual(problems, []);
}

describe('the architecture', () => {
  it('has only folders that the table names, and each of them', () => {
    assertNone(sources.filter(({ folder }) => MAY_IMPORT[folder] === undefined).map(({ path }) => path));
    assertNone(Object.keys(MAY_IMPORT).filter((folder) => !existsSync(join(ROOT, folder))));
  });

  it('is imported as the table allows, through the public face of each folder', () => {
    const problems: string[] = [];
    for (const source of product) {
      for (const specifier of source.imports) {
        const target = targetOf(source, specifier);
        if (target === null) continue;
        const folder = folderOf(target);
        if (folder === source.folder) continue;
        // The simulator shares nothing with the postal side but the table of the layout.
        const face = source.folder === 'psd-sim' ? 'indicium/layout.ts' : `${folder}/index.ts`;
        const isAllowed = MAY_IMPORT[source.folder]?.includes(folder) ?? false;
        const isFace = ['.', 'bin', 'commands'].includes(folder) || target === face;
        if (!isAllowed || !isFace) problems.push(`${source.path} imports ${target}`);
      }
    }
    assertNone(problems);
  });

  it('keeps each library behind its adapters', () => {
    const problems: string[] = [];
    for (const source of product) {
      for (const specifier of source.imports) {
        if (specifier.startsWith('.') || specifier.startsWith('node:')) continue;
        const name = specifier
          .split('/')
          .slice(0, specifier.startsWith('@') ? 2 : 1)
          .join('/');
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
    assertNone(orphans.map(({ path }) => path));
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
    const folders = Object.keys(MAY_IMPORT).filter(
      (folder) => !['.', 'bin', 'test', 'benchmarks', 'commands'].includes(folder),
    );
    assertNone(folders.filter((folder) => !statSync(join(ROOT, folder, 'index.ts')).isFile()));
  });
});
