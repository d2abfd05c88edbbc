import { execFileSync } from 'node:child_process';

/** A row of a table: what the openssl command says of itself, where it is on the path. */
export function opensslSpeed(env: NodeJS.ProcessEnv): string[] {
  try {
    const version = execFileSync('openssl', ['version'], { encoding: 'utf8', env }).split(' ')[1] ?? '';
    const speed = execFileSync('openssl', ['speed', '-seconds', '2', 'ecdsap256'], {
      encoding: 'utf8',
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const aSecond = Number(/ecdsa \(nistp256\).*\s([\d.]+)\s*$/m.exec(speed)?.[1]);
    return [`openssl speed, OpenSSL ${version}`, (1e6 / aSecond).toFixed(1)];
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    return ['openssl speed', 'not installed'];
  }
}
