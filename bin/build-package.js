import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/**
 * What `npm pack` puts into the package beside its sources' documents: dist/, in which each file of TypeScript stands as the
 * JavaScript that is left when its types are taken away, since Node runs no TypeScript below a folder node_modules. No bundler:
 * lines and names stay as they are, and stacks say where they were.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OUT = join(ROOT, 'dist');
/** Rooms that only a checkout has. */
const LEFT_HERE = ['benchmarks', 'dist', 'docs', 'examples', 'node_modules', 'test'];
/** Data that the program reads from beside its files. */
const ASSETS = ['**/*.sql', '**/default-policy.json', '**/pom.xml', 'bin/*.js', 'package.json'];
/** `import` and `export … from`, `import()`, and files that threads and processes are started with. */
const NAMED_FILE = /((?:\bfrom|\bimport)\s*\(?\s*'\.{1,2}\/[^']*|new URL\('[^']*)\.ts'/g;

/** @param {readonly string[]} patterns */
function filesOf(patterns) {
  return globSync([...patterns], { cwd: ROOT, exclude: (name) => LEFT_HERE.includes(name) });
}

/**
 * @param {string} path
 * @param {string} text
 */
function write(path, text) {
  const to = join(OUT, path);
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, text);
}

/** Declarations of what others may import: the client and what its types name. */
function declareClient() {
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const flags = ['--declaration', '--emitDeclarationOnly', '--noEmit', 'false', '--rootDir', ROOT, '--outDir', OUT];
  execFileSync(process.execPath, [tsc, '--project', join(ROOT, 'client/tsconfig.json'), ...flags], {
    stdio: 'inherit',
  });
  for (const path of globSync('**/*.d.ts', { cwd: OUT })) {
    write(path, readFileSync(join(OUT, path), 'utf8').replace(NAMED_FILE, "$1.js'"));
  }
}

rmSync(OUT, { recursive: true, force: true });
for (const path of filesOf(['**/*.ts'])) {
  const text = stripTypeScriptTypes(readFileSync(join(ROOT, path), 'utf8'));
  write(path.replace(/\.ts$/, '.js'), text.replace(NAMED_FILE, "$1.js'"));
}
for (const path of filesOf(ASSETS)) cpSync(join(ROOT, path), join(OUT, path), { recursive: true });
declareClient();
