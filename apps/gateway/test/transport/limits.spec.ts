import { afterEach, describe, expect, it } from '@jest/globals';
import { answering, head, ok, startHarness, stopAll } from './harness.ts';

afterEach(stopAll);

const limits = { headerBytes: 1_000, headerFields: 10, targetBytes: 100, bodyBytes: 50 };

async function statusOf(request: string): Promise<{ status: number; code: string }> {
  const harness = await startHarness({ serve: answering(ok), limits });
  const client = await harness.client();
  client.write(request);
  const { status, body } = await client.readAnswer();
  const code = /"code":"(\w+)"/.exec(body.toString())?.[1] ?? '';
  if (status === 200) expect(harness.upstreamConnections()).toBe(1);
  return { status, code };
}

const get = (target: string, ...lines: string[]) =>
  head(`GET ${target} HTTP/1.1`, 'Host: h', ...lines);

describe('header bytes', () => {
  // Host with its colon, space and line end takes 9.
  const filler = (bytes: number) => `X: ${'x'.repeat(bytes - 9 - 5)}`;

  it('at the limit pass', async () => {
    expect(await statusOf(get('/', filler(1_000)))).toMatchObject({ status: 200 });
  });

  it.each([1_001, 2_000, 2_500, 70_000])('at %d of 1,000 are 431', async (bytes) => {
    expect(await statusOf(get('/', filler(bytes)))).toEqual({
      status: 431,
      code: 'header_too_large',
    });
  });
});

describe('header fields', () => {
  it('at the limit pass', async () => {
    const lines = Array.from({ length: 9 }, (_, index) => `X-${index}: 1`);
    expect(await statusOf(get('/', ...lines))).toMatchObject({ status: 200 });
  });

  it.each([10, 150])('one or more beyond the limit are 431: %d and Host', async (count) => {
    const lines = Array.from({ length: count }, () => 'X: 1');
    expect(await statusOf(get('/', ...lines))).toEqual({ status: 431, code: 'header_too_large' });
  });
});

describe('target', () => {
  it('at the limit passes', async () => {
    expect(await statusOf(get(`/${'x'.repeat(99)}`))).toMatchObject({ status: 200 });
  });

  it.each([101, 1_500, 2_500, 60_000])('of %d bytes is 414', async (bytes) => {
    expect(await statusOf(get(`/${'x'.repeat(bytes - 1)}`))).toEqual({
      status: 414,
      code: 'target_too_long',
    });
  });
});

describe('body', () => {
  const post = (...lines: string[]) => head('POST / HTTP/1.1', 'Host: h', ...lines);

  it('with a length at the limit passes', async () => {
    const request = `${post('Content-Length: 50')}${'x'.repeat(50)}`;
    expect(await statusOf(request)).toMatchObject({ status: 200 });
  });

  it('with a length beyond the limit is 413 before any of it is sent', async () => {
    expect(await statusOf(post('Content-Length: 51'))).toEqual({
      status: 413,
      code: 'body_too_large',
    });
  });

  it('in chunks at the limit passes', async () => {
    const request = `${post('Transfer-Encoding: chunked')}32\r\n${'x'.repeat(50)}\r\n0\r\n\r\n`;
    expect(await statusOf(request)).toMatchObject({ status: 200 });
  });

  it('in chunks beyond the limit is 413, and the upstream sees a broken request', async () => {
    const harness = await startHarness({ limits });
    const client = await harness.client();
    client.write(`${post('Transfer-Encoding: chunked')}32\r\n${'x'.repeat(50)}\r\n`);
    const upstream = await harness.upstream();
    await upstream.readHead();
    await upstream.readUntil('x'.repeat(50));
    client.write('1\r\nx\r\n0\r\n\r\n');
    const answer = await client.readAnswer();
    expect(answer.status).toBe(413);
    expect(answer.body.toString()).toContain('at most 50 bytes');
    expect((await upstream.readToEnd()).text).not.toContain('0\r\n\r\n');
    expect(await harness.ended(1)).toMatchObject([{ status: 413, fault: 'body_too_large' }]);
  });

  it('that is too large does not cost the client its connection if it is sent to the end', async () => {
    const harness = await startHarness({ limits, serve: answering(ok) });
    const client = await harness.client();
    client.write(`${post('Content-Length: 51')}${'x'.repeat(51)}`);
    expect((await client.readAnswer()).status).toBe(413);
    client.write(get('/next'));
    expect((await client.readAnswer()).status).toBe(200);
  });
});

describe('connections of clients', () => {
  it('beyond the limit are dropped', async () => {
    const harness = await startHarness({ limits: { clientConnections: 1 }, serve: answering(ok) });
    const first = await harness.client();
    first.write(get('/'));
    expect((await first.readAnswer()).status).toBe(200);
    const second = await harness.client();
    second.write(get('/'));
    expect((await second.readToEnd()).text).toBe('');
    first.write(get('/'));
    expect((await first.readAnswer()).status).toBe(200);
  });
});
