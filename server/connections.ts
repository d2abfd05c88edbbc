import type { RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { isLoopbackAddress, ownerOf, plainAddress } from './addresses.ts';
import {
  CONNECTIONS_MAX,
  CONNECTIONS_PER_CLIENT_MAX,
  CONNECTIONS_PER_ROUND_MAX,
  CONNECTIONS_POLL_MS,
  ENTRY_PLACES,
  IDLE_MS_MAX,
  PARSED_BYTES_MAX,
  REQUESTS_BEGUN_MAX,
  REQUESTS_WAITING_ALL_MAX,
  STALL_MS_MAX,
  STRANGER_IDLE_MS_MAX,
  STRANGER_MS_MAX,
  STRANGER_PARSED_BYTES_MAX,
  STRANGER_REQUESTS_BEGUN_MAX,
  STRANGER_STALL_MS_MAX,
  STRANGERS_MAX,
  STRANGERS_PER_ADDRESS_MAX,
  UNREAD_BYTES_ALL_MAX,
  UNREAD_BYTES_BEFORE_MORE,
} from './limits.ts';
import { type Place, type PlaceLimits, Places } from './places.ts';
import { Rounds, type TurnLimits, Turns, type Waiting } from './turns.ts';

export interface ConnectionLimits extends PlaceLimits {
  /** Of the loopback addresses, where proxies live. */
  readonly strangersPerLoopbackMax: number;
  readonly stranger: TurnLimits;
  readonly client: TurnLimits;
  readonly waitingAllMax: number;
  readonly unreadBytesAllMax: number;
  readonly strangerStallMsMax: number;
  readonly clientStallMsMax: number;
  /** Milliseconds between two looks at all connections. */
  readonly lookMs: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  connectionsMax: CONNECTIONS_MAX,
  strangersMax: STRANGERS_MAX,
  strangersPerAddressMax: STRANGERS_PER_ADDRESS_MAX,
  strangersPerLoopbackMax: STRANGERS_MAX,
  perClientMax: CONNECTIONS_PER_CLIENT_MAX,
  entryPlaces: ENTRY_PLACES,
  strangerIdleMsMax: STRANGER_IDLE_MS_MAX,
  strangerMsMax: STRANGER_MS_MAX,
  clientMsMax: IDLE_MS_MAX,
  stranger: {
    begunMax: STRANGER_REQUESTS_BEGUN_MAX,
    unreadBytesMax: UNREAD_BYTES_BEFORE_MORE,
    parsedBytesMax: STRANGER_PARSED_BYTES_MAX,
  },
  client: {
    begunMax: REQUESTS_BEGUN_MAX,
    unreadBytesMax: UNREAD_BYTES_BEFORE_MORE,
    parsedBytesMax: PARSED_BYTES_MAX,
  },
  waitingAllMax: REQUESTS_WAITING_ALL_MAX,
  unreadBytesAllMax: UNREAD_BYTES_ALL_MAX,
  strangerStallMsMax: STRANGER_STALL_MS_MAX,
  clientStallMsMax: STALL_MS_MAX,
  lookMs: CONNECTIONS_POLL_MS,
};

interface Connection {
  readonly place: Place;
  /** What speaks HTTP: over TLS another than what the system gave. */
  socket: Socket;
  turns: Turns | null;
  bytesRead: number;
  /** Bytes of answers that the system took, and when it took some last. */
  bytesTaken: number;
  takenAtMs: number;
  admit(client: string): void;
}

const connectionOf = new WeakMap<Socket, Connection>();

/** A request on this connection was let in: from now on it counts as one of this client. */
export function noteAdmitted(socket: Socket, client: string): void {
  connectionOf.get(socket)?.admit(client);
}

/** What still comes on this connection is let go as it comes, and not parsed. */
export function dropRest(socket: Socket, onDropped: (bytes: number) => void): void {
  connectionOf.get(socket)?.turns?.dropRest(onDropped);
}

/** Who asks where nobody shows a token. */
export function clientAddress(socket: Socket): string {
  return connectionOf.get(socket)?.place.address ?? ownerOf(plainAddress(socket.remoteAddress));
}

/** All connections of a server: who may stay, and whose turn it is. */
export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #places: Places;
  readonly #connections = new Map<Place, Connection>();
  readonly #waiting: Waiting;
  readonly #rounds = new Rounds(CONNECTIONS_PER_ROUND_MAX);

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
    this.#places = new Places(limits);
    this.#waiting = { count: 0, countMax: limits.waitingAllMax };
  }

  /** Requests go to the handler when it is their turn. */
  inTurn(handler: RequestListener): RequestListener {
    return (request, response) => {
      const { turns } = connectionOf.get(request.socket) ?? {};
      if (turns == null) request.socket.destroy();
      else turns.take(response, () => handler(request, response));
    };
  }

  watch(server: Server): void {
    /** Sockets whose TLS handshake is not over, by the ports that tell them apart. */
    const raw = new Map<string, Connection>();
    const isTls = 'setSecureContext' in server;
    server.on('connection', (socket) => {
      const connection = this.#enter(socket);
      if (connection === null) return;
      if (!isTls) return this.#speak(connection, socket);
      const key = portsOf(socket);
      raw.set(key, connection);
      socket.on('close', () => raw.delete(key));
    });
    server.on('secureConnection', (socket) => {
      const connection = raw.get(portsOf(socket));
      if (connection === undefined) socket.destroy();
      else this.#speak(connection, socket);
    });
    const looks = setInterval(() => this.#look(), this.#limits.lookMs).unref();
    server.on('close', () => clearInterval(looks));
  }

  #enter(socket: Socket): Connection | null {
    const address = plainAddress(socket.remoteAddress);
    const { strangersPerAddressMax, strangersPerLoopbackMax } = this.#limits;
    const shareMax = isLoopbackAddress(address) ? strangersPerLoopbackMax : strangersPerAddressMax;
    const { place, evicted } = this.#places.enter(ownerOf(address), shareMax, performance.now());
    for (const one of evicted) this.#connections.get(one)?.socket.destroy();
    if (evicted.includes(place)) {
      socket.destroy();
      return null;
    }
    const connection: Connection = {
      ...{ place, socket, turns: null, bytesRead: 0, bytesTaken: 0, takenAtMs: performance.now() },
      admit: (client) => this.#admit(connection, client),
    };
    this.#connections.set(place, connection);
    socket.on('close', () => {
      this.#places.leave(place);
      this.#connections.delete(place);
    });
    return connection;
  }

  #speak(connection: Connection, socket: Socket): void {
    const { place } = connection;
    const { client, stranger, strangerIdleMsMax } = this.#limits;
    connection.socket = socket;
    connection.turns = new Turns(socket, {
      limits: () => (place.client === null ? stranger : client),
      waiting: this.#waiting,
      rounds: this.#rounds,
      onBegun: (response) => {
        this.#places.begin(place);
        if (place.client === null) response.setHeader(KEEP_ALIVE, `timeout=${Math.floor(strangerIdleMsMax / 2_000)}`);
      },
      onEnded: () => this.#places.end(place, performance.now()),
    });
    connectionOf.set(socket, connection);
  }

  #admit({ place, turns }: Connection, client: string): void {
    const wasStranger = place.client === null;
    for (const evicted of this.#places.admit(place, client, performance.now())) {
      this.#connections.get(evicted)?.socket.destroy();
    }
    if (wasStranger && place.client !== null) for (const response of turns?.begun ?? []) forgetKeepAlive(response);
  }

  #look(): void {
    const nowMs = performance.now();
    const unread: { readonly socket: Socket; readonly bytes: number }[] = [];
    let unreadBytes = 0;
    for (const connection of this.#connections.values()) {
      this.#hear(connection, nowMs);
      const bytes = this.#unreadBytes(connection, nowMs);
      unreadBytes += bytes;
      if (bytes > 0) unread.push({ socket: connection.socket, bytes });
    }
    for (const place of this.#places.overdue(nowMs)) this.#connections.get(place)?.socket.destroy();
    unread.sort((a, b) => b.bytes - a.bytes);
    for (const { socket, bytes } of unread) {
      if (unreadBytes <= this.#limits.unreadBytesAllMax) break;
      socket.destroy();
      unreadBytes -= bytes;
    }
  }

  #hear(connection: Connection, nowMs: number): void {
    const { bytesRead } = connection.socket;
    if (bytesRead !== connection.bytesRead) this.#places.hear(connection.place, nowMs);
    connection.bytesRead = bytesRead;
  }

  /** Cuts a connection that has read nothing of them for too long. */
  #unreadBytes(connection: Connection, nowMs: number): number {
    const { socket, turns, place } = connection;
    const bytes = Math.max(turns?.unreadBytes ?? 0, socket.writableLength);
    const bytesTaken = socket.bytesWritten - socket.writableLength;
    if (bytes === 0 || bytesTaken !== connection.bytesTaken) connection.takenAtMs = nowMs;
    connection.bytesTaken = bytesTaken;
    const { strangerStallMsMax, clientStallMsMax } = this.#limits;
    const stallMsMax = place.client === null ? strangerStallMsMax : clientStallMsMax;
    if (nowMs - connection.takenAtMs <= stallMsMax) return bytes;
    socket.destroy();
    return 0;
  }
}

const KEEP_ALIVE = 'keep-alive';

/** Anyone who has shown a token may stay for longer than a stranger is told. */
function forgetKeepAlive(response: ServerResponse): void {
  if (!response.headersSent) response.removeHeader(KEEP_ALIVE);
}

function portsOf({ localAddress, localPort, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${localPort} ${remoteAddress} ${remotePort}`;
}
