import { isIP } from 'node:net';
import { InvalidArgumentError, Option } from 'commander';
import { CONNECTION_LIMITS, type ConnectionLimits } from '../server/index.ts';
import { repeatable, wholeNumber } from './options.ts';

/** Under which names a server is asked, and by how many from one address. */
export interface ListenerFlags {
  readonly hostName?: readonly string[] | undefined;
  readonly connectionsPerAddress?: number | undefined;
}

export function listenerFlags(): Option[] {
  const { strangersMax, strangersPerAddressMax } = CONNECTION_LIMITS;
  return [
    new Option(
      '--host-name <name>',
      'a name of the HTTP server in addition to its addresses; others are refused; may be given several times',
    ).argParser(repeatable(hostName)),
    new Option(
      '--connections-per-address <n>',
      `connections from one address that have shown no token yet (default: ${strangersPerAddressMax}, and ${strangersMax} from this machine)`,
    ).argParser(wholeNumber(1, strangersMax)),
  ];
}

export function connectionLimitsOf({ connectionsPerAddress: share }: ListenerFlags): ConnectionLimits {
  if (share === undefined) return CONNECTION_LIMITS;
  return { ...CONNECTION_LIMITS, strangersPerAddressMax: share, strangersPerLoopbackMax: share };
}

function hostName(text: string): string {
  const bare = text.replace(/^\[(.*)\]$/, '$1');
  if (isIP(bare) !== 0 || /^[a-z0-9_]([a-z0-9_.-]{0,252})$/i.test(bare)) return bare;
  throw new InvalidArgumentError('expected a name or an address, without scheme and port.');
}
