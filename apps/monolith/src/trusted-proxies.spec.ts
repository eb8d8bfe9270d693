import { describe, expect, it } from '@jest/globals';
import { isAddressList, trustedProxies } from './trusted-proxies.ts';

describe('the list of trusted proxies', () => {
  it.each([
    '',
    '127.0.0.1',
    '10.0.0.0/8, 192.168.1.1',
    '::1',
    'fd00::/8',
    '0.0.0.0/0',
    '1.2.3.4/32',
  ])('may be %j', (list) => {
    expect(isAddressList(list)).toBe(true);
  });

  it.each([
    'x',
    'localhost',
    '10.0.0.0/33',
    '::1/129',
    '1.2.3',
    '1.2.3.4/',
    '1.2.3.4/x',
    '1.2.3.4/8/8',
    'true',
  ])('may not be %j', (list) => {
    expect(isAddressList(list)).toBe(false);
  });
});

/** Which of the hops, from the connection outwards, is the client. */
function clientOf(list: string, hops: string[]): string | undefined {
  const trusts = trustedProxies(list);
  return hops.find((address, hop) => !trusts(address, hop)) ?? hops.at(-1);
}

describe('the client behind proxies', () => {
  it.each([
    ['', ['127.0.0.1', '192.0.2.1'], '127.0.0.1'],
    ['127.0.0.1', ['127.0.0.1', '192.0.2.1'], '192.0.2.1'],
    ['127.0.0.1', ['::ffff:127.0.0.1', '192.0.2.1'], '192.0.2.1'],
    ['127.0.0.1', ['192.0.2.9', '192.0.2.1'], '192.0.2.9'],
    ['10.0.0.0/8', ['10.1.2.3', '10.9.9.9', '192.0.2.1', '198.51.100.1'], '192.0.2.1'],
    ['10.0.0.0/8', ['11.0.0.1', '192.0.2.1'], '11.0.0.1'],
    ['fd00::/8', ['fd12::1', '2001:db8::1'], '2001:db8::1'],
    ['127.0.0.1', ['127.0.0.1', 'not an address', '192.0.2.1'], 'not an address'],
  ])('trusting %j: %j is %s', (list, hops, client) => {
    expect(clientOf(list, hops)).toBe(client);
  });

  it('cannot hide behind an address of its own choice where it shares that of the proxy', () => {
    expect(clientOf('127.0.0.1', ['127.0.0.1', '127.0.0.1', '203.0.113.1'])).toBe('127.0.0.1');
  });

  it('is found anew for each request', () => {
    const trusts = trustedProxies('127.0.0.1');
    expect([trusts('127.0.0.1', 0), trusts('127.0.0.1', 0), trusts('127.0.0.1', 1)]).toEqual([
      true,
      true,
      false,
    ]);
  });
});
