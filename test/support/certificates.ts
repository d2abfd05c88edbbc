import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Scope, temporaryFolder } from './temporary.ts';

export interface Pem {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** An authority, and the certificates that it has signed for 127.0.0.1, by name. */
export async function certificatesIn(test: Scope, names: readonly string[]) {
  const folder = await temporaryFolder(test);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '36500'];
  openssl('req', '-x509', ...curve, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=plant');
  const file = (name: string) => readFileSync(join(folder, name));
  const signed = new Map<string, Pem>();
  for (const name of names) {
    const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
    const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key'];
    openssl('req', '-x509', ...curve, ...by, '-keyout', `${name}.key`, '-out', `${name}.pem`, ...subject);
    signed.set(name, { cert: file(`${name}.pem`), key: file(`${name}.key`) });
  }
  const of = (name: string): Pem => {
    const found = signed.get(name);
    if (found === undefined) throw new Error(`no certificate of ${name}`);
    return found;
  };
  return { ca: file('ca.pem'), of, derOf: (name: string) => new X509Certificate(of(name).cert).raw };
}
