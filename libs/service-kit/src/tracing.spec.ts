import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import { z } from 'zod';

import { serve } from '../test/served-app.ts';
import { listen } from './http-server.ts';
import { createLogger } from './logging.ts';
import {
  beginTrace,
  currentTrace,
  currentTraceparent,
  formatTraceparent,
  parseTraceparent,
  startTracing,
  traceHeaders,
  withSpan,
} from './tracing.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const parentId = 'b7ad6b7169203331';
const traceparent = `00-${traceId}-${parentId}-01`;

describe('parseTraceparent', () => {
  it.each([
    ['version 0', traceparent, { traceId, spanId: parentId, flags: '01' }],
    [
      'a later version with more in it',
      `01-${traceId}-${parentId}-00-more`,
      { traceId, spanId: parentId, flags: '00' },
    ],
    ['nothing', undefined, undefined],
    ['upper case', traceparent.toUpperCase(), undefined],
    ['the version that is forbidden', `ff-${traceId}-${parentId}-01`, undefined],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${parentId}-01`, undefined],
    ['a span id of zeros', `00-${traceId}-${'0'.repeat(16)}-01`, undefined],
    ['a short id', `00-${traceId.slice(1)}-${parentId}-01`, undefined],
    ['something glued on', `${traceparent}x`, undefined],
  ])('%s', (_name, header, expected) => {
    expect(parseTraceparent(header)).toEqual(expected);
  });

  it('reads what formatTraceparent writes', () => {
    expect(formatTraceparent({ traceId, spanId: parentId, flags: '01' })).toBe(traceparent);
  });
});

describe('without an exporter', () => {
  it('makes a trace, passes it on, and forgets it afterwards', async () => {
    const trace = beginTrace({ name: 'x', traceparent, tracestate: 'vendor=1', requestId: 'r-1' });
    await trace.run(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      expect(currentTrace()).toMatchObject({ traceId, requestId: 'r-1' });
      expect(traceHeaders()).toEqual({ traceparent: currentTraceparent(), tracestate: 'vendor=1' });
      expect(await withSpan('step', () => Promise.resolve(currentTraceparent()))).toBe(
        formatTraceparent(trace.context),
      );
    });
    trace.end();
    expect(currentTraceparent()).toBeUndefined();
    expect(traceHeaders()).toEqual({});
  });

  it('starts a new trace without a caller, and takes over no tracestate then', () => {
    const { context } = beginTrace({ name: 'x', tracestate: 'vendor=1' });
    expect(context).toEqual({
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
      flags: '01',
      tracestate: undefined,
      requestId: undefined,
    });
  });

  it('throws on what a step throws', async () => {
    await expect(withSpan('step', () => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
  });

  it('does not even load OpenTelemetry', () => {
    const probe = `
      import { registerHooks } from 'node:module';
      const loaded = [];
      registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
      const kit = await import(process.argv[1]);
      await kit.startTracing({ service: 'x' });
      kit.beginTrace({ name: 'x' });
      const before = loaded.filter((url) => url.includes('opentelemetry')).length;
      const { stop } = await kit.startTracing({ service: 'x', endpoint: 'http://127.0.0.1:9' });
      await stop();
      console.log(JSON.stringify([before, loaded.some((url) => url.includes('opentelemetry'))]));`;
    const result = spawnSync(
      process.execPath,
      ['--input-type=module', '-e', probe, join(import.meta.dirname, 'tracing.ts')],
      { encoding: 'utf8' },
    );
    expect({
      out: result.stdout,
      error: result.stderr.replace(/.*Warning.*\n/g, ''),
    }).toMatchObject({ out: '[0,true]\n' });
  });
});

const spanSchema = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  kind: z.number(),
  status: z.object({ code: z.number().optional() }),
  attributes: z.array(z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) })),
  events: z.array(z.object({ name: z.string() })).default([]),
});
const exportSchema = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({
        attributes: z.array(
          z.object({ key: z.string(), value: z.object({ stringValue: z.string().optional() }) }),
        ),
      }),
      scopeSpans: z.array(z.object({ spans: z.array(spanSchema) })),
    }),
  ),
});

describe('with a collector', () => {
  const exports: z.output<typeof exportSchema>[] = [];
  const failures: Error[] = [];
  let collector: Server;
  let status = 200;
  let tracing: { stop: () => Promise<void> };
  const spans = () =>
    exports.flatMap(({ resourceSpans }) =>
      resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)),
    );
  const spanNamed = (name: string) =>
    eventually(() => {
      const span = spans().find((candidate) => candidate.name === name);
      if (span === undefined) throw new Error(`no span ${name} yet`);
      return span;
    });

  beforeAll(async () => {
    collector = createServer((req, res) => {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        if (req.method === 'POST' && req.url === '/otlp/v1/traces' && status === 200) {
          exports.push(exportSchema.parse(JSON.parse(Buffer.concat(chunks).toString('utf8'))));
        }
        res.writeHead(status, { 'content-type': 'application/json' }).end('{}');
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
    const address = collector.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    tracing = await startTracing({
      service: 'sample',
      endpoint: `http://127.0.0.1:${port ?? 0}/otlp/`,
      onFailure: (error) => failures.push(error),
    });
  });
  afterAll(async () => {
    await tracing.stop();
    collector.closeAllConnections();
    await new Promise((resolve) => collector.close(resolve));
  });

  it('exports the span of a request, named after its route, as a child of the caller', async () => {
    const app = await serve((routes) => {
      routes.get('/articles/:id', async (_req, res) => {
        await withSpan('load article', () => Promise.resolve(), { 'article.count': 1 });
        res.json({ traceparent: currentTraceparent() });
      });
      routes.get('/broken', async () => {
        await withSpan('break', () => Promise.reject(new Error('mine')));
      });
    });
    const seen: unknown = await (
      await fetch(`${app.url}/articles/7`, { headers: { traceparent } })
    ).json();
    await fetch(`${app.url}/broken`);
    await app.close();

    const server = await spanNamed('GET /articles/:id');
    expect(server).toMatchObject({ traceId, parentSpanId: parentId, kind: 2 });
    expect(seen).toEqual({ traceparent: `00-${traceId}-${server.spanId}-01` });
    expect(server.attributes.map(({ key, value }) => [key, Object.values(value)[0]])).toEqual([
      ['http.request.method', 'GET'],
      ['http.route', '/articles/:id'],
      ['http.response.status_code', 200],
    ]);
    expect(await spanNamed('load article')).toMatchObject({
      traceId,
      parentSpanId: server.spanId,
      kind: 1,
    });
    expect(exports[0]?.resourceSpans[0]?.resource.attributes).toContainEqual({
      key: 'service.name',
      value: { stringValue: 'sample' },
    });

    const broken = await spanNamed('GET /broken');
    expect(broken.parentSpanId ?? '').toBe('');
    expect(broken.status.code).toBe(2);
    expect(await spanNamed('break')).toMatchObject({
      traceId: broken.traceId,
      status: { code: 2 },
      events: [{ name: 'exception' }],
    });
  });

  it('does not export what the caller did not sample, and still passes it on', async () => {
    const trace = beginTrace({ name: 'unsampled', traceparent: `00-${traceId}-${parentId}-00` });
    expect(trace.context).toMatchObject({ traceId, flags: '00' });
    trace.end();
    beginTrace({ name: 'sampled' }).end();
    await spanNamed('sampled');
    expect(spans().some(({ name }) => name === 'unsampled')).toBe(false);
  });

  it('tells once that the collector fails, and again after it has worked', async () => {
    status = 400;
    beginTrace({ name: 'lost' }).end();
    await eventually(() => expect(failures).toHaveLength(1));
    beginTrace({ name: 'lost too' }).end();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(failures).toHaveLength(1);
    status = 200;
    beginTrace({ name: 'back' }).end();
    await spanNamed('back');
    status = 400;
    beginTrace({ name: 'lost again' }).end();
    await eventually(() => expect(failures).toHaveLength(2));
    status = 200;
  });

  it('sends what is left when it stops, and is off then', async () => {
    beginTrace({ name: 'last' }).end();
    await tracing.stop();
    expect(spans().some(({ name }) => name === 'last')).toBe(true);
    expect(beginTrace({ name: 'x', traceparent }).context.traceId).toBe(traceId);
  });
});

it('does not wait for a collector that never answers', async () => {
  const { port, close } = await listen({
    handler: () => undefined,
    host: '127.0.0.1',
    port: 0,
    logger: createLogger({ service: 'x', level: 'silent' }),
  });
  const tracing = await startTracing({ service: 'sample', endpoint: `http://127.0.0.1:${port}` });
  beginTrace({ name: 'x' }).end();
  await tracing.stop();
  await close(0);
});
