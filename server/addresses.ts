/** An address as sockets tell it, without what makes two of one: `::ffff:10.0.0.7` is `10.0.0.7`, and zones are left out. */
export function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
}

/** Whether an address is of this machine alone: 127.0.0.0/8 (RFC 1122, 3.2.1.3) and ::1 (RFC 4291, 2.5.3). */
export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

/** What one owner has: an IPv4 address, or of IPv6 the first 64 bits (RFC 4291, 2.5.4), since a host may choose the others. */
export function ownerOf(address: string): string {
  if (!address.includes(':')) return address;
  const [before = '', after] = address.split('::');
  const groups = before === '' ? [] : before.split(':');
  if (after !== undefined) {
    const last = after === '' ? 0 : after.split(':').length;
    while (groups.length + last < 8) groups.push('0');
    groups.push(...(after === '' ? [] : after.split(':')));
  }
  return `${groups.slice(0, 4).join(':')}::/64`;
}
