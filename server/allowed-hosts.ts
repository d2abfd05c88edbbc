import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { ProblemError } from '../api/index.ts';
import { isLoopbackAddress, plainAddress } from './addresses.ts';

interface HostAndPort {
  /** In lower case, an IPv6 address without its brackets. */
  readonly name: string;
  readonly port: string | null;
}

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1']);
const DEFAULT_PORTS = { http: '80', https: '443' } as const;

/** What a browser says of a request that no page of another site made (Fetch Metadata, 2.4). */
const OWN_SITES: ReadonlySet<string> = new Set(['same-origin', 'none']);

/**
 * Under which hosts a server is asked: the address that the connection came to, the names of the loopback interface where it
 * came over that, and the names that it was given. A page of another site can make a browser send requests here, and a name
 * of that site can be made to stand for this address (DNS rebinding), but such requests say where they come from.
 */
export class AllowedHosts {
  readonly #bound: string;
  readonly #names: ReadonlySet<string>;

  /** What it listens on as that was asked for, which may be a name, and its other names, with any port. */
  constructor(bound: string, names: readonly string[]) {
    this.#bound = bound.toLowerCase();
    this.#names = new Set(names.map((name) => name.toLowerCase()));
  }

  /** Why a request is not answered; null where it is. */
  refusalOf(request: IncomingMessage): ProblemError | null {
    const { headers, rawHeaders, httpVersion, socket } = request;
    const text = headers.host;
    if (hostsIn(rawHeaders) > 1) return new ProblemError('bad-request', 'the header host is there more than once');
    // Probes of old balancers name none, in HTTP/1.0, which no browser speaks.
    if (text === undefined && httpVersion !== '1.0') return new ProblemError('bad-request', 'there is no header host');
    const host = text === undefined ? null : hostOf(text);
    const address = plainAddress(socket.localAddress);
    if (text !== undefined && (host === null || !this.#isOwn(host.name, address))) {
      return new ProblemError('foreign-host', `${shown(text)} is not a name of this server: see --host-name`);
    }
    const site = headers['sec-fetch-site'];
    if (site !== undefined && !(typeof site === 'string' && OWN_SITES.has(site))) {
      return new ProblemError('foreign-origin', `sec-fetch-site is ${shown(String(site))}`);
    }
    const { origin } = headers;
    if (origin === undefined || this.#isOwnOrigin(origin, host, address, socket instanceof TLSSocket)) return null;
    return new ProblemError('foreign-origin', `origin is ${shown(origin)}`);
  }

  #isOwn(name: string, address: string): boolean {
    if (name === address || name === this.#bound || this.#names.has(name)) return true;
    return LOOPBACK_NAMES.has(name) && isLoopbackAddress(address);
  }

  /** Other servers on this machine have the same name and another port. */
  #isOwnOrigin(text: string, host: HostAndPort | null, address: string, isTls: boolean): boolean {
    const [, scheme = '', rest = ''] = /^(https?):\/\/([^/]+)$/i.exec(text) ?? [];
    const origin = hostOf(rest);
    if (origin === null || !this.#isOwn(origin.name, address)) return false;
    const own = isTls ? 'https' : 'http';
    const isSame = scheme.toLowerCase() === own && portOf(origin, own) === portOf(host, own);
    // A proxy that speaks for this server has one of its names, and the port and the TLS that browsers take for granted.
    return (
      isSame || (this.#names.has(origin.name) && origin.port === null && (scheme.toLowerCase() === 'https' || !isTls))
    );
  }
}

/** Node keeps the first of several. */
function hostsIn(rawHeaders: readonly string[]): number {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts;
}

/** Null for what is not a host with or without a port (RFC 9110, 7.2). */
function hostOf(text: string): HostAndPort | null {
  const [, bracketed, plain, port = null] = /^(?:\[([0-9a-f:.]+)\]|([^\s:/?#@[\]]+))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const name = bracketed ?? plain;
  return name === undefined ? null : { name: name.toLowerCase(), port };
}

function portOf(host: HostAndPort | null, scheme: 'http' | 'https'): string {
  return host?.port ?? DEFAULT_PORTS[scheme];
}

const SHOWN_CHARS_MAX = 100;

function shown(text: string): string {
  return JSON.stringify(text.slice(0, SHOWN_CHARS_MAX));
}
