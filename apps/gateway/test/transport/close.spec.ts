import { afterEach, describe, expect, it } from '@jest/globals';
import { connectRaw, valueOf } from '@newscience/testing/raw-http';
import { head, ok, startHarness, stopAll } from './harness.ts';

afterEach(stopAll);

const get = head('GET / HTTP/1.1', 'Host: h');
const asks = head('GET / HTTP/1.1', 'Host: h', 'Connection: Upgrade', 'Upgrade: websocket');
const agrees = head(
  'HTTP/1.1 101 Switching Protocols',
  'Connection: Upgrade',
  'Upgrade: websocket',
);
const settle = () => new Promise((resolve) => setTimeout(resolve, 30));

describe('closing the facade', () => {
  it('lets a request in flight end, and then closes its connection', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(get);
    const upstream = await harness.upstream();
    await upstream.readRequest();
    const closed = harness.close(10_000);
    await settle();
    upstream.write(ok);
    const answer = await client.readAnswer();
    expect(answer).toMatchObject({ status: 200, complete: true });
    expect(valueOf(answer, 'connection')).toBe('close');
    expect(await client.left()).toBe('end');
    await closed;
  });

  it('lets an answer that has begun end, too', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(get);
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.write(`${head('HTTP/1.1 200 OK', 'Content-Length: 6')}abc`);
    await client.readUntil('abc');
    const closed = harness.close(10_000);
    await settle();
    upstream.write('def');
    expect((await client.readToEnd()).text).toBe('def');
    await closed;
  });

  it('lets an upload end, too', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(`${head('POST / HTTP/1.1', 'Host: h', 'Content-Length: 6')}abc`);
    const upstream = await harness.upstream();
    await upstream.readHead();
    const closed = harness.close(10_000);
    await settle();
    client.write('def');
    expect((await upstream.readBytes(6)).toString()).toBe('abcdef');
    upstream.write(ok);
    expect((await client.readAnswer()).status).toBe(200);
    await closed;
  });

  it('closes idle connections at once and accepts no new ones', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(get);
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.write(ok);
    await client.readAnswer();
    const closed = harness.close(10_000);
    expect(await client.left()).toBe('end');
    await closed;
    await expect(connectRaw(harness.port)).rejects.toThrow('ECONNREFUSED');
  });

  it('closes a connection that has not sent anything yet', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    await settle();
    const closed = harness.close(10_000);
    expect(await client.left()).toBe('end');
    await closed;
  });

  it('cuts what is still open at the deadline', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(get);
    const upstream = await harness.upstream();
    await upstream.readRequest();
    await harness.close(50);
    expect(await client.left()).not.toBe('open');
    expect(harness.records).toMatchObject([{ status: 0 }]);
  });

  it('leaves upgraded connections alone until the deadline', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(asks);
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.write(agrees);
    await client.readHead();
    const closed = harness.close(150);
    await settle();
    upstream.write('still here');
    expect((await client.readBytes(10)).toString()).toBe('still here');
    await closed;
    expect(await client.left()).not.toBe('open');
    expect(harness.records).toMatchObject([{ status: 101, bytesOut: 10 }]);
  });

  it('does not wait for the deadline where upgraded connections end by themselves', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(asks);
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.write(agrees);
    await client.readHead();
    const closed = harness.close(60_000);
    upstream.end();
    client.end();
    await closed;
  });

  it('twice is the same as once', async () => {
    const harness = await startHarness();
    await Promise.all([harness.close(10), harness.close(10)]);
  });
});
