import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import { apiClient } from './api.ts';
import { runningSite } from './site.ts';
import { type Outcome, routes } from './support/command.ts';
import { bodyOf } from './support/newsroom.ts';
import { known, type Person, rareWord } from './support/people.ts';

const site = runningSite();
const id = `candidate-${rareWord()}`;
const path = '/api/v1/sections';
let candidate: Server;
let target: string;
let seenByCandidate = 0;
let operator: Person;

const run = (args: string[], env?: Record<string, string>): Promise<Outcome> =>
  routes(site, args, env);
const json = async (args: string[]): Promise<Record<string, unknown>> => {
  const { out } = await run([...args, '--json']);
  return JSON.parse(out) as Record<string, unknown>;
};
const make = (...changes: string[]): Promise<Outcome> =>
  run([
    'set',
    id,
    '--path',
    path,
    '--target',
    target,
    '--stage',
    'monolith',
    '--why',
    'to be tried',
    ...changes,
  ]);

beforeAll(async () => {
  candidate = createServer((request, response) => {
    if (request.url?.startsWith(path)) seenByCandidate += 1;
    response.setHeader('x-answered-by', 'candidate');
    response.setHeader('content-type', 'application/json');
    response.end('{"items":[]}');
  });
  await new Promise<void>((resolve) => candidate.listen(0, '127.0.0.1', resolve));
  target = `http://127.0.0.1:${(candidate.address() as AddressInfo).port}`;
  operator = await known(site.url, site.credentials.operator);
});

afterEach(async () => {
  const call = apiClient(site.operatorUrl, operator.token);
  const etag = (await call('GET', `/routes/${id}`)).headers.get('etag');
  if (etag !== null)
    await call('DELETE', `/routes/${id}`, { why: 'cleared' }, { 'if-match': etag });
});

afterAll(() => {
  candidate.closeAllConnections();
  candidate.close();
});

describe('npm run routes', () => {
  it('sets, lists, shows, stages, explains, removes, and has it all in the audit', async () => {
    expect(await make('--methods', 'GET,HEAD')).toMatchObject({ code: 0, err: '' });
    expect((await run(['list'])).out).toMatch(new RegExp(`${id} +${path} +GET`));
    expect(await json(['show', id])).toMatchObject({ id, path, target, stage: 'monolith' });
    expect((await run(['show', id])).out).toContain(target);
    const before = await run(['explain', 'GET', path]);
    expect(before.out).toContain(id);
    expect(before.out).toMatch(/monolith/);
    expect((await run(['stage', id, 'cutover', '--why', 'ready'])).code).toBe(0);
    expect((await run(['explain', 'GET', `${path}?x=1`])).out).toContain(target);
    expect((await run(['explain', 'POST', path])).out).toMatch(/default/);
    expect((await run(['remove', id, '--why', 'done'])).code).toBe(0);
    expect((await run(['show', id])).code).toBe(1);
    const { items } = (await json(['audit', '--route', id])) as { items: object[] };
    expect(JSON.stringify(items.slice(0, 3))).toMatch(/done.*ready.*to be tried/s);
    expect(items[1]).toMatchObject({ why: 'ready' });
    expect(JSON.stringify(items[1])).toContain('cutover');
    expect(JSON.stringify(items[1])).toMatch(/operator/i);
    expect((await run(['audit'])).out).toContain('ready');
  });
});

describe('two operators at once', () => {
  it('the second is told, and what the first did stays', async () => {
    await make();
    const revision = String((await json(['show', id]))['revision']);
    const first = await run(['stage', id, 'cutover', '--why', 'the first', '--revision', revision]);
    expect(first.code).toBe(0);
    const second = await run([
      'stage',
      id,
      'monolith',
      '--why',
      'the second',
      '--revision',
      revision,
    ]);
    expect(second).toMatchObject({ code: 1, err: expect.stringMatching(/the first|revision/) });
    expect(await json(['show', id])).toMatchObject({ stage: 'cutover' });
    expect((await make('--revision', '0')).code).toBe(1);
  });

  it('of twenty changes at once on the same revision exactly one is taken', async () => {
    await make();
    const call = apiClient(site.operatorUrl, operator.token);
    const etag = (await call('GET', `/routes/${id}`)).headers.get('etag') ?? '';
    const changes = Array.from({ length: 20 }, (_, n) =>
      call(
        'POST',
        `/routes/${id}/stage`,
        { stage: 'cutover', why: `number ${n}` },
        { 'if-match': etag },
      ),
    );
    const statuses = (await Promise.all(changes)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 412)).toHaveLength(19);
    const lines = bodyOf<{ items: { why: string }[] }>(
      await call('GET', `/audit?route=${id}&limit=50`),
    ).items;
    expect(lines.filter(({ why }) => why.startsWith('number '))).toHaveLength(1);
    expect(
      (await call('POST', `/routes/${id}/stage`, { stage: 'monolith', why: 'blind' })).status,
    ).toBe(428);
  });
});

describe('a cut-over under load', () => {
  it('moves all traffic and back again without one failed request', async () => {
    await make();
    const failed: string[] = [];
    let stop = false;
    let answered = 0;
    const load = Array.from({ length: 4 }, async () => {
      while (!stop) {
        const { status, text } = await apiClient(site.url)('GET', path);
        if (status !== 200) failed.push(`${status} ${text}`);
        answered += 1;
        await sleep(5);
      }
    });
    const nowAnsweredBy = async (): Promise<string | null> =>
      (await apiClient(site.url)('GET', path)).headers.get('x-answered-by');
    for (let round = 1; round <= 3; round += 1) {
      expect((await run(['stage', id, 'cutover', '--why', 'over'])).code).toBe(0);
      await eventually(async () => expect(await nowAnsweredBy()).toBe('candidate'));
      expect((await run(['stage', id, 'monolith', '--why', 'back'])).code).toBe(0);
      await sleep(1_000); // what the issue allows
      const before = seenByCandidate;
      await sleep(300);
      expect(seenByCandidate).toBe(before);
      expect(await nowAnsweredBy()).toBeNull();
    }
    stop = true;
    await Promise.all(load);
    expect(failed).toEqual([]);
    expect(answered).toBeGreaterThan(100);
  });
});
