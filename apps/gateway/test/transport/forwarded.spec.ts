import { afterEach, describe, expect, it } from '@jest/globals';
import { valueOf, valuesOf } from '@newscience/testing/raw-http';
import { head, ok, roundTrip, startHarness, stopAll } from './harness.ts';

afterEach(stopAll);

async function fieldsFor(...lines: string[]) {
  const harness = await startHarness();
  const { seen } = await roundTrip(
    harness,
    head('GET / HTTP/1.1', 'Host: site.example', ...lines),
    ok,
  );
  const [record] = await harness.ended(1);
  return { seen, record };
}

describe('what the upstream is told about the client', () => {
  it('is what this hop knows, where the client claims nothing', async () => {
    const { seen } = await fieldsFor();
    expect(valuesOf(seen, 'x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(valuesOf(seen, 'x-forwarded-proto')).toEqual(['http']);
    expect(valuesOf(seen, 'x-forwarded-host')).toEqual(['site.example']);
  });

  it('is appended to what the client claims, so that the last word is the facade’s', async () => {
    const { seen, record } = await fieldsFor(
      'X-Forwarded-For: 203.0.113.7, 10.1.1.1',
      'x-forwarded-proto: https',
      'X-FORWARDED-HOST: evil.example',
    );
    expect(valuesOf(seen, 'x-forwarded-for')).toEqual(['203.0.113.7, 10.1.1.1, 127.0.0.1']);
    expect(valuesOf(seen, 'x-forwarded-proto')).toEqual(['https, http']);
    expect(valuesOf(seen, 'x-forwarded-host')).toEqual(['evil.example, site.example']);
    expect(record?.client).toBe('127.0.0.1');
  });

  it('comes after all lines of a list that is spread over several', async () => {
    const { seen } = await fieldsFor('X-Forwarded-For: 10.0.0.1', 'X-Forwarded-For: 10.0.0.2');
    expect(valuesOf(seen, 'x-forwarded-for')).toEqual(['10.0.0.1', '10.0.0.2, 127.0.0.1']);
  });

  it('replaces an empty claim', async () => {
    const { seen } = await fieldsFor('X-Forwarded-For:');
    expect(valuesOf(seen, 'x-forwarded-for')).toEqual(['127.0.0.1']);
  });

  it('leaves Forwarded and Via alone', async () => {
    const { seen } = await fieldsFor('Forwarded: for=10.0.0.1', 'Via: 1.1 other');
    expect(valuesOf(seen, 'forwarded')).toEqual(['for=10.0.0.1']);
    expect(valuesOf(seen, 'via')).toEqual(['1.1 other']);
  });
});

describe('request id', () => {
  it('is made where the client has none, and is the one in the log', async () => {
    const { seen, record } = await fieldsFor();
    expect(valueOf(seen, 'x-request-id')).toMatch(/^[0-9a-f]{32}$/);
    expect(record?.requestId).toBe(valueOf(seen, 'x-request-id'));
  });

  it.each(['abcd1234', 'A.b_c-d.9', 'x'.repeat(128)])('is passed on: %s', async (id) => {
    const { seen, record } = await fieldsFor(`X-Request-ID: ${id}`);
    expect(valuesOf(seen, 'x-request-id')).toEqual([id]);
    expect(record?.requestId).toBe(id);
  });

  it.each(['short', 'x'.repeat(129), 'has space', 'a"quote12', ''])(
    'is replaced where it is not acceptable: %j',
    async (id) => {
      const { seen, record } = await fieldsFor(`X-Request-Id: ${id}`);
      expect(valuesOf(seen, 'x-request-id')).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
      expect(record?.requestId).toBe(valueOf(seen, 'x-request-id'));
    },
  );

  it('differs from request to request', async () => {
    const first = await fieldsFor();
    const second = await fieldsFor();
    expect(first.record?.requestId).not.toBe(second.record?.requestId);
    expect(first.record?.traceId).not.toBe(second.record?.traceId);
  });
});

describe('trace context', () => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';

  it('is made where the client has none', async () => {
    const { seen, record } = await fieldsFor();
    const made = valueOf(seen, 'traceparent') ?? '';
    expect(made).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(record?.traceId).toBe(made.slice(3, 35));
  });

  it.each([`00-${trace}-00f067aa0ba902b7-01`, `cc-${trace}-00f067aa0ba902b7-00-future`])(
    'is passed on: %s',
    async (traceparent) => {
      const { seen, record } = await fieldsFor(`Traceparent: ${traceparent}`, 'tracestate: a=1');
      expect(valuesOf(seen, 'traceparent')).toEqual([traceparent]);
      expect(valuesOf(seen, 'tracestate')).toEqual(['a=1']);
      expect(record?.traceId).toBe(trace);
    },
  );

  it.each([
    'nonsense',
    `ff-${trace}-00f067aa0ba902b7-01`,
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `00-${trace.toUpperCase()}-00f067aa0ba902b7-01`,
    `00-${trace}-00f067aa0ba902b7`,
  ])('is made anew where it is not well-formed: %s', async (traceparent) => {
    const { seen } = await fieldsFor(`traceparent: ${traceparent}`);
    expect(valuesOf(seen, 'traceparent')).toEqual([
      expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
    ]);
  });
});
