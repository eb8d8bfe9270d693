import type { Socket } from 'node:net';

const mapped = '::ffff:';

/** Address of a client as upstreams and logs know it; an IPv4 address stays one on a socket of IPv6. */
export function addressOf(socket: Socket): string {
  const address = socket.remoteAddress ?? '';
  return address.startsWith(mapped) ? address.slice(mapped.length) : address;
}
