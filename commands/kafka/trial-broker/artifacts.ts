import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { BrokerError } from './broker-error.ts';

const POM = fileURLToPath(new URL('pom.xml', import.meta.url));
const run = promisify(execFile);

/** Of the pinned artifacts. */
export function kafkaVersion(): string {
  const version = /<kafka\.version>([^<]+)</.exec(readFileSync(POM, 'utf8'))?.[1];
  if (version === undefined) throw new Error(`${POM}: no kafka.version`);
  return version;
}

export const JAVA_MAJOR_MIN = 17;
/** Some 44 MB from Maven's mirror: a minute or two on a slow line. */
const DOWNLOAD_MS_MAX = 300_000;

/** Where the artifacts of the broker are kept, outside of any checkout. */
export function artifactFolder(environment: Readonly<Record<string, string | undefined>>): string {
  const cache = environment.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  return join(cache, 'indicia', `kafka-${kafkaVersion()}`);
}

/** The major version of the Java on the path; null where there is none. */
export async function javaMajor(): Promise<number | null> {
  return run('java', ['-version'], { cwd: tmpdir() }).then(
    ({ stderr }) => Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0),
    () => null,
  );
}

export async function hasMaven(): Promise<boolean> {
  return run('mvn', ['-version'], { cwd: tmpdir() }).then(
    () => true,
    () => false,
  );
}

/**
 * The folder with the broker's jars, filled by Maven where it is not there yet.
 *
 * @throws BrokerError where there is no Java, or the artifacts can be had neither from the cache nor by Maven.
 */
export async function brokerArtifacts(environment: Readonly<Record<string, string | undefined>>): Promise<string> {
  const major = await javaMajor();
  if (major === null || major < JAVA_MAJOR_MIN) {
    throw new BrokerError(`a Kafka broker needs Java ${JAVA_MAJOR_MIN} or later: install a JRE, or set KAFKA_BROKERS`);
  }
  const folder = artifactFolder(environment);
  if (existsSync(folder)) return folder;
  if (!(await hasMaven())) {
    throw new BrokerError(`the artifacts of Kafka are not in ${folder}: install Maven, or set KAFKA_BROKERS`);
  }
  // Whole or not there: another process may be at the same.
  const own = `${folder}.${process.pid}`;
  await mkdir(own, { recursive: true });
  try {
    await run(
      'mvn',
      ['-B', '-q', '-f', POM, 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${own}`],
      { cwd: tmpdir(), timeout: DOWNLOAD_MS_MAX },
    );
    await rename(own, folder);
  } catch (error) {
    await rm(own, { recursive: true, force: true });
    if (existsSync(folder)) return folder;
    throw new BrokerError(`Maven could not bring the artifacts of Kafka: ${firstLine(error)}`, { cause: error });
  }
  return folder;
}

function firstLine(error: unknown): string {
  const text = error instanceof Error && 'stdout' in error ? `${error.stdout || error.message}` : String(error);
  return text.split('\n')[0] ?? '';
}
