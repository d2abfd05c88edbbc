import { execFileSync } from 'node:child_process';
import { cpus, release, type as systemType, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import manifest from '../../package.json' with { type: 'json' };
import type { Results } from './results-file.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Whose versions make a difference to what is measured. */
const LIBRARIES = ['@duckdb/node-api', '@zxing/library', 'kafkajs', 'piscina', 'sharp', 'zxing-wasm'] as const;

/** What figures were measured on and of. */
export function environment(): Pick<Results, 'commit' | 'machine' | 'versions'> {
  const [processor] = cpus();
  return {
    commit: commitOf(),
    machine: {
      processors: cpus().length,
      model: processor?.model.trim() ?? 'unknown',
      memoryBytes: totalmem(),
      system: `${systemType()} ${release()}`,
    },
    versions: { node: process.versions.node, openssl: process.versions.openssl, ...versionsOfLibraries() },
  };
}

/** Null where this is no checkout; with what stands uncommitted in it marked. */
function commitOf(): string | null {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' }).trim();
  try {
    const commit = git('rev-parse', 'HEAD');
    return git('status', '--porcelain', '--untracked-files=no') === '' ? commit : `${commit} and changes`;
  } catch {
    return null;
  }
}

function versionsOfLibraries(): Record<string, string> {
  return Object.fromEntries(LIBRARIES.map((name) => [name, manifest.dependencies[name]]));
}
