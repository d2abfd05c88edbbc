import { randomBytes } from 'node:crypto';

const BYTES = 16;
const FIRST_BIT = 0x80;

/**
 * A name for a cluster: 16 bytes in Base64 for URLs. It begins with a letter: Kafka's own tool takes an id
 * that begins with `-`, which would be one in 64, for an option, and ends.
 */
export function newClusterId(random: (bytes: number) => Buffer = randomBytes): string {
  const bytes = random(BYTES);
  bytes.writeUInt8(bytes.readUInt8(0) & ~FIRST_BIT, 0);
  return bytes.toString('base64url');
}
