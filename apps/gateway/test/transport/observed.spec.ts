import { afterEach, describe, expect, it } from '@jest/globals';
import { batchedAccessLog, type AccessRecord } from '../../src/proxy/access-log.ts';
import { answering, head, ok, startHarness, stopAll } from './harness.ts';

afterEach(stopAll);

const record: AccessRecord = {
  requestId: 'abcd1234',
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  client: '127.0.0.1',
  method: 'GET',
  path: '/a',
  route: 'search',
  stage: 'cutover',
  upstream: 'new',
  status: 200,
  bytesIn: 1,
  bytesOut: 2,
  upstreamMs: 1.23456,
  totalMs: 2.5,
  attempts: 1,
  fault: '',
};

describe('the access record', () => {
  it('has route, stage, upstream, status, bytes and both durations', async () => {
    const harness = await startHarness({ serve: answering(ok) });
    const client = await harness.client();
    client.write(`${head('POST /a/b?token=secret HTTP/1.1', 'Host: h', 'Content-Length: 3')}abc`);
    await client.readAnswer();
    const [ended] = await harness.ended(1);
    expect(ended).toEqual({
      requestId: expect.stringMatching(/^[0-9a-f]{32}$/),
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      client: '127.0.0.1',
      method: 'POST',
      path: '/a/b',
      route: 'all',
      stage: 'monolith',
      upstream: 'old',
      status: 200,
      bytesIn: 3,
      bytesOut: 2,
      upstreamMs: expect.any(Number),
      totalMs: expect.any(Number),
      attempts: 1,
      fault: '',
    });
    expect(ended?.upstreamMs).toBeGreaterThan(0);
    expect(ended?.totalMs).toBeGreaterThanOrEqual(ended?.upstreamMs ?? Infinity);
  });

  it('is made once per request, also for those that are not HTTP', async () => {
    const harness = await startHarness({ serve: answering(ok) });
    const client = await harness.client();
    for (let count = 0; count < 3; count++) {
      client.write(head('GET / HTTP/1.1', 'Host: h'));
      await client.readAnswer();
    }
    client.write('RUBBISH\r\n\r\n');
    await client.readToEnd();
    expect(harness.records.map(({ status, fault }) => `${status} ${fault}`)).toEqual([
      '200 ',
      '200 ',
      '200 ',
      '400 request_rejected',
    ]);
  });
});

describe('the batched access log', () => {
  it('writes whole lines of JSON of the same form as the logger', () => {
    const written: string[] = [];
    const log = batchedAccessLog('gateway', (lines) => written.push(lines));
    log.write(record);
    log.write({
      ...record,
      path: '/"\\\u00e9\n',
      route: 'r"',
      upstream: 'u\\',
      fault: 'client_gone',
    });
    expect(written).toEqual([]);
    log.flush();
    log.flush();
    expect(written).toHaveLength(1);
    const lines = (written[0] ?? '').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        service: 'gateway',
        msg: 'request',
        ...record,
        upstreamMs: 1.23,
      },
      expect.objectContaining({ path: '/"\\\u00e9\n', route: 'r"', upstream: 'u\\' }),
    ]);
  });

  it('writes by itself after a short while', async () => {
    const written: string[] = [];
    const log = batchedAccessLog('gateway', (lines) => written.push(lines));
    log.write(record);
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(written).toHaveLength(1);
  });

  it('writes by itself when much has come together', () => {
    const written: string[] = [];
    const log = batchedAccessLog('gateway', (lines) => written.push(lines));
    for (let count = 0; count < 1_000; count++) log.write(record);
    log.flush();
    expect(written.length).toBeGreaterThan(2);
    expect(written.join('').match(/\n/g)).toHaveLength(1_000);
  });
});

describe('metrics', () => {
  it('count requests, durations, bytes, faults and connections', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(`${head('POST / HTTP/1.1', 'Host: h', 'Content-Length: 3')}abc`);
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.write(ok);
    await client.readAnswer();
    client.write(head('BREW / HTTP/1.1', 'Host: h'));
    await client.readToEnd();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const text = await harness.metrics.registry.metrics();
    const one = 'route="all",stage="monolith",upstream="old"';
    const none = 'route="(none)",stage="(none)",upstream="(none)"';
    for (const [name, labels, value] of [
      ['gateway_requests_total', `${one},method="POST",status="200"`, 1],
      ['gateway_requests_total', `${none},method="(other)",status="400"`, 1],
      ['gateway_request_duration_seconds_count', one, 1],
      ['gateway_upstream_first_byte_seconds_count', one, 1],
      ['gateway_faults_total', 'upstream="(none)",code="request_rejected"', 1],
      ['gateway_body_bytes_total', 'direction="in"', 3],
      ['gateway_requests_in_flight', '', 0],
      ['gateway_upstream_connections', 'upstream="old",state="idle"', 1],
      ['gateway_upstream_connections', 'upstream="old",state="busy"', 0],
    ] as const) {
      const line = text
        .split('\n')
        .find((each) => each.startsWith(`${name}{`) && each.includes(labels));
      expect(`${name} ${labels} ${line?.split(' ').at(-1) ?? ''}`).toBe(
        `${name} ${labels} ${value}`,
      );
    }
  });
});
