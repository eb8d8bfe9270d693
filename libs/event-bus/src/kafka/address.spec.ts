import { describe, expect, it } from '@jest/globals';

import { readKafkaUrl } from './address.ts';

describe('the URL of a Kafka bus', () => {
  it.each([
    ['kafka://a:9092', { brokers: ['a:9092'] }],
    ['kafka://a:9092/', { brokers: ['a:9092'] }],
    ['kafka://a:9092,[::1]:9092', { brokers: ['a:9092', '[::1]:9092'] }],
    ['kafka://a:9093?tls=on', { brokers: ['a:9093'], tls: {} }],
    ['kafka://a:9093?tls=off', { brokers: ['a:9093'] }],
    ['kafka://a:9093/?ca=/run/ca.pem', { brokers: ['a:9093'], tls: { ca: '/run/ca.pem' } }],
    ['kafka://a:1?cert=/c&key=/k', { brokers: ['a:1'], tls: { cert: '/c', key: '/k' } }],
  ])('%s', (url, expected) => {
    expect(readKafkaUrl(url)).toEqual(expected);
  });

  it('makes credentials go over TLS with SCRAM, unless it says otherwise', () => {
    const sasl = { mechanism: 'scram-sha-512', username: 'u', password: 'p@ß:/?#' };
    const user = `u:${encodeURIComponent('p@ß:/?#')}`;
    expect(readKafkaUrl(`kafka://${user}@a:1,b:2`)).toEqual({
      ...{ brokers: ['a:1', 'b:2'], tls: {}, sasl },
    });
    expect(readKafkaUrl(`kafka://${user}@a:1?tls=off&sasl=plain`)).toEqual({
      ...{ brokers: ['a:1'], sasl: { ...sasl, mechanism: 'plain' } },
    });
    expect(readKafkaUrl(`kafka://${user}@a:1?sasl=scram-sha-256&ca=/ca`)).toEqual({
      ...{ brokers: ['a:1'], tls: { ca: '/ca' }, sasl: { ...sasl, mechanism: 'scram-sha-256' } },
    });
  });

  it.each([
    ['', 'names no broker'],
    ['kafka://', 'names no broker'],
    ['kafka://a', 'names no broker'],
    ['kafka://a:9092,', 'names no broker'],
    ['kafka://a:9092,b', 'names no broker'],
    ['http://a:9092', 'names no broker'],
    ['kafka://a:1?tls=yes', 'tls should be on or off'],
    ['kafka://a:1?tls=', 'tls should have one value'],
    ['kafka://a:1?tls=on&tls=off', 'tls should have one value'],
    ['kafka://a:1?ssl=on', 'no parameter "ssl"'],
    ['kafka://a:1?tls=off&ca=/ca', 'tls=off contradicts'],
    ['kafka://a:1?cert=/c', 'cert and key belong together'],
    ['kafka://a:1?key=/k', 'cert and key belong together'],
    ['kafka://a:1?sasl=plain', 'sasl needs user:password@'],
    ['kafka://hidden@a:1', 'user and password should be there'],
    ['kafka://:hidden@a:1', 'user and password should be there'],
    ['kafka://hidden:@a:1', 'user and password should be there'],
    ['kafka://hidden:%zz@a:1', 'user and password should be there'],
    ['kafka://u:hidden@a:1?sasl=gssapi', 'sasl should be one of plain, scram-sha-256'],
    ['kafka://u:hidden@a', 'names no broker'],
  ])('"%s" is refused: %s', (url, problem) => {
    expect(() => readKafkaUrl(url)).toThrow(problem);
    expect(() => readKafkaUrl(url)).toThrow(/^(?!.*hidden)/s);
  });
});
