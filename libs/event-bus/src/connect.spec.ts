import { createLogger } from '@newscience/service-kit/logging';
import { describe, expect, it } from '@jest/globals';

import { busUrlFault, connectBus } from './connect.ts';

const logger = createLogger({ service: 'event-bus-test', level: 'fatal' });

describe('the URL of a bus', () => {
  it.each([
    'postgres://127.0.0.1:1/x',
    'postgresql://127.0.0.1:1/x',
    'kafka://a:9092,b:9092',
    'kafka://u:p@a:9092',
  ])('picks the adapter for %s without connecting', async (url) => {
    const bus = await connectBus({ url, name: 'test', logger });
    await bus.close();
    await expect(bus.publish([])).rejects.toMatchObject({ code: 'closed' });
  });

  it.each([
    '',
    'amqp://127.0.0.1',
    'kafka://',
    'kafka://no-port',
    'kafka://user@host:1',
    'kafka://host:1?tls=maybe',
  ])('is refused where it is "%s"', async (url) => {
    await expect(connectBus({ url, name: 'test', logger })).rejects.toThrow(TypeError);
  });

  it.each(['postgres://u:p@h/x', 'kafka://a:9092,b:9092', 'kafka://u:p@a:9092?sasl=plain'])(
    'has no fault where it is %s',
    (url) => {
      expect(busUrlFault(url)).toBeUndefined();
    },
  );

  it('has a fault that does not tell it', () => {
    const fault = busUrlFault('kafka://u:hidden@a:9092?tls=maybe');
    expect(fault).toEqual({
      problem: 'tls should be on or off',
      remedy: expect.stringMatching(/^Write kafka:\/\/\[user:password@\]host:port/),
    });
  });
});
