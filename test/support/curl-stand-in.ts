import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import type { Readable } from 'node:stream';

/** For machines without curl: as much of it as docs/INTEGRATION.md uses, over node:http. */

interface Call {
  url: string;
  method: string;
  readonly headers: [string, string][];
  body: Readable | Buffer | null;
  readonly form: [string, string][];
  fails: boolean;
  writesOut: string;
  maxMs: number | null;
}

const EXIT_TIMEOUT = 28;
const EXIT_HTTP = 22;
const EXIT_CONNECT = 7;

const args = process.argv.slice(2);
const call: Call = { url: '', method: '', headers: [], body: null, form: [], fails: false, writesOut: '', maxMs: null };
for (let arg = args.shift(); arg !== undefined; arg = args.shift()) {
  const value = () => args.shift() ?? '';
  if (arg === '-H') call.headers.push(headerOf(value()));
  else if (arg === '--data-binary' || arg === '-T') call.body = fileOf(value().replace(/^@/, ''));
  else if (arg === '-F') call.form.push(headerOf(value().replace('=', ':')));
  else if (arg === '-X') call.method = value();
  else if (arg === '-w') call.writesOut = value().replaceAll('\\n', '\n');
  else if (arg === '--max-time') call.maxMs = Number(value()) * 1000;
  else if (arg === '-fs') call.fails = true;
  else if (arg.startsWith('http')) call.url = arg;
  else if (arg !== '-sS' && arg !== '--no-buffer') throw new Error(`not known here: ${arg}`);
}
await run(call);

async function run({ url, method, headers, body, form, fails, writesOut, maxMs }: Call): Promise<void> {
  const multipart = form.length === 0 ? null : new Request(url, { method: 'POST', body: formData(form) });
  const sent = multipart === null ? body : Buffer.from(await multipart.arrayBuffer());
  const type = multipart?.headers.get('content-type') ?? null;
  const all = type === null ? headers : [...headers, ['content-type', type]];
  const verb = method || (sent === null ? 'GET' : 'POST');
  const out = request(url, { method: verb, headers: Object.fromEntries(all) });
  if (maxMs !== null) setTimeout(() => process.exit(EXIT_TIMEOUT), maxMs);
  out.on('error', () => process.exit(EXIT_CONNECT));
  out.on('response', (response) => {
    if (fails && (response.statusCode ?? 0) >= 400) process.exit(EXIT_HTTP);
    response.pipe(process.stdout, { end: false });
    response.on('end', () => process.stdout.write(writesOut, () => process.exit(0)));
  });
  if (sent === null || Buffer.isBuffer(sent)) out.end(sent ?? undefined);
  else sent.pipe(out);
}

function headerOf(text: string): [string, string] {
  const at = text.indexOf(':');
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

function fileOf(name: string): Readable | Buffer {
  return name === '-' ? process.stdin : readFileSync(name);
}

function formData(form: readonly [string, string][]): FormData {
  const data = new FormData();
  for (const [name, text] of form) {
    const [, value = '', type = ''] = /^(.*);type=(.*)$/s.exec(text) ?? [];
    const bytes = value.startsWith('@') ? readFileSync(value.slice(1)) : Buffer.from(value);
    data.set(name, new Blob([Uint8Array.from(bytes)], { type }), value.startsWith('@') ? value.slice(1) : name);
  }
  return data;
}
