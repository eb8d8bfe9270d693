import { BlockList, isIP } from 'node:net';

type Range = { address: string; bits: number; family: 'ipv4' | 'ipv6' };

function rangeOf(text: string): Range | null {
  const [address = '', given, ...more] = text.trim().split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return null;
  const most = version === 4 ? 32 : 128;
  const bits = given === undefined ? most : Number(given);
  if (given !== undefined && (!/^\d{1,3}$/.test(given) || bits > most)) return null;
  return { address, bits, family: version === 4 ? 'ipv4' : 'ipv6' };
}

const parts = (list: string) => list.split(',').filter((part) => part.trim() !== '');

/** Whether it is a comma-separated list of addresses and CIDR ranges; an empty one is. */
export function isAddressList(list: string): boolean {
  return parts(list).every((part) => rangeOf(part) !== null);
}

/**
 * For Express' `trust proxy`: whose word about the client's address is believed, from the connection (hop 0)
 * outwards. An address is believed once a request: where proxy and client share an address, as on one machine,
 * the second one is the client, who may not choose what address it is counted under.
 */
export function trustedProxies(list: string): (address: string, hop: number) => boolean {
  const trusted = new BlockList();
  for (const part of parts(list)) {
    const range = rangeOf(part);
    if (range) trusted.addSubnet(range.address, range.bits, range.family);
  }
  let believed: string[] = [];
  return (address, hop) => {
    if (hop === 0) believed = [];
    const version = isIP(address);
    if (version === 0 || believed.includes(address)) return false;
    believed.push(address);
    return trusted.check(address, version === 4 ? 'ipv4' : 'ipv6');
  };
}
