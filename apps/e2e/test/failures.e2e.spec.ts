import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import { type Answer, apiClient } from './api.ts';
import { runningSite } from './site.ts';
import { articleAbout, bodyOf, published } from './support/newsroom.ts';
import { known, type Person, rareWord } from './support/people.ts';
import { expectDecentAnswer } from './support/problem.ts';

const site = runningSite();
const anyone = apiClient(site.url);
const id = 'survivor';
const patience = { withinMs: 60_000, everyMs: 100 };
let operator: Person;
let candidate: Server;
let etag = '';

/** Who runs now: the launcher writes it down at each start of a service. */
function pidOf(name: string): number {
  const pid = runningSite().services.find((service) => service.name === name)?.pid;
  if (pid === undefined) throw new Error(`No pid of ${name}`);
  return pid;
}

function postmasterPid(): number {
  const file = join(site.dataDir, 'postgres', 'postmaster.pid');
  return Number(readFileSync(file, 'utf8').split('\n')[0]);
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent;
      } catch {
        return false; // it has ended meanwhile
      }
    });
}

const ready = async (): Promise<Answer> => apiClient(site.operatorUrl)('GET', '/health/ready');
const table = async (): Promise<unknown> =>
  bodyOf<{ items: unknown[] }>(await apiClient(site.operatorUrl, operator.token)('GET', '/routes'))
    .items;

async function untilWhole(): Promise<void> {
  await eventually(async () => {
    expect((await ready()).json).toMatchObject({ status: 'ready' });
    expect((await anyone('GET', '/api/v1/sections')).status).toBe(200);
    expect((await anyone('GET', '/')).status).toBe(200);
  }, patience);
}

beforeAll(async () => {
  operator = await known(site.url, site.credentials.operator);
  candidate = createServer((_request, response) => response.end('candidate'));
  await new Promise<void>((resolve) => candidate.listen(0, '127.0.0.1', resolve));
  const target = `http://127.0.0.1:${(candidate.address() as AddressInfo).port}`;
  const route = { path: '/candidate', methods: [], target, stage: 'cutover', why: 'to survive' };
  const made = await apiClient(site.operatorUrl, operator.token)('PUT', `/routes/${id}`, route, {
    'if-none-match': '*',
  });
  expect(made.status).toBe(201);
  etag = made.headers.get('etag') ?? '';
});

afterEach(untilWhole, 120_000);

afterAll(async () => {
  await apiClient(site.operatorUrl, operator.token)(
    'DELETE',
    `/routes/${id}`,
    { why: 'done' },
    { 'if-match': etag },
  );
  candidate.closeAllConnections();
  candidate.close();
});

describe('a killed gateway', () => {
  it('comes back by itself with the same table', async () => {
    const before = await table();
    const pid = pidOf('gateway');
    process.kill(pid, 'SIGKILL');
    await eventually(
      async () => expect((await anyone('GET', '/candidate')).text).toBe('candidate'),
      patience,
    );
    expect(await table()).toEqual(before);
    await eventually(() => expect(pidOf('gateway')).not.toBe(pid), patience);
  });
});

describe('a killed monolith', () => {
  it('is told as a problem, leaves other routes alone, and comes back', async () => {
    const answers: Answer[] = [];
    const pid = pidOf('monolith');
    process.kill(pid, 'SIGKILL');
    await eventually(async () => {
      const [answer, other] = await Promise.all([
        anyone('GET', '/api/v1/sections'),
        anyone('GET', '/candidate'),
      ]);
      answers.push(answer);
      expect(other.text).toBe('candidate');
      expect(answer.status).toBe(200);
      expect(pidOf('monolith')).not.toBe(pid);
    }, patience);
    const refusals = answers.filter(({ status }) => status !== 200);
    for (const refusal of refusals) {
      expect([502, 503]).toContain(refusal.status);
      expect(refusal.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(refusal.json).toMatchObject({
        code: expect.stringMatching(/^[a-z_]+$/),
        retryable: true,
      });
    }
    expect(refusals.length).toBeGreaterThan(0);
  });

  it('loses no comment that it confirmed', async () => {
    const editor = await known(site.url, site.credentials.editor);
    const article = await published(editor, articleAbout(rareWord()));
    const confirmed: string[] = [];
    const comments = `/api/v1/articles/${article.id}/comments`;
    const writing = (async () => {
      for (let n = 0; n < 30; n += 1) {
        const answer = await editor
          .call('POST', comments, { text: `number ${n}` })
          .catch(() => undefined);
        if (answer?.status === 201) confirmed.push(`number ${n}`);
        if (n === 5) process.kill(pidOf('monolith'), 'SIGKILL');
      }
    })();
    await writing;
    await untilWhole();
    const kept = bodyOf<{ items: { text: string }[] }>(
      await anyone('GET', `${comments}?limit=100`),
    ).items;
    const texts = kept.map(({ text }) => text);
    expect(confirmed.filter((text) => !texts.includes(text))).toEqual([]);
    expect(new Set(texts).size).toBe(texts.length);
  });
});

describe('a killed database', () => {
  it('is said in the readiness; the gateway goes on, also across its own restart; all comes back', async () => {
    const article = await published(operator, articleAbout(rareWord()));
    const before = await table();
    process.kill(postmasterPid(), 'SIGKILL');
    process.kill(pidOf('gateway'), 'SIGKILL');
    const said = new Set<string>();
    await eventually(async () => {
      const [other, report, page, api] = await Promise.all([
        anyone('GET', '/candidate'),
        ready(),
        anyone('GET', '/', undefined, { accept: 'text/html' }),
        anyone('GET', '/api/v1/sections'),
      ]);
      expect(other.text).toBe('candidate');
      said.add(bodyOf<{ status: string }>(report).status);
      for (const answer of [page, api]) expect([200, 502, 503, 504]).toContain(answer.status);
      if (api.status === 503)
        expectDecentAnswer(
          { ...api, status: 499, json: { ...(api.json as object), status: 499 } },
          'no database',
        );
      expect(api.status).toBe(200);
      expect(page.status).toBe(200);
    }, patience);
    await untilWhole();
    console.log(`Readiness while the database was away: ${[...said].join(', ')}`);
    expect(await table()).toEqual(before);
    expect((await anyone('GET', article.url)).status).toBe(200);
  });

  // Only where there is a /proc can the server's processes be found.
  (existsSync('/proc/self/stat') ? it : it.skip)(
    'that stands still without closing is said in the readiness, and the other routes go on',
    async () => {
      const all = [postmasterPid(), ...childrenOf(postmasterPid())];
      for (const pid of all) process.kill(pid, 'SIGSTOP');
      try {
        await eventually(async () => {
          expect((await anyone('GET', '/candidate')).text).toBe('candidate');
          expect((await ready()).json).toMatchObject({ status: 'degraded' });
        }, patience);
        expect(await table()).toEqual(expect.arrayContaining([expect.objectContaining({ id })]));
        const change = {
          path: '/x',
          methods: [],
          target: 'monolith',
          stage: 'monolith',
          why: 'never',
        };
        const refused = await apiClient(site.operatorUrl, operator.token)(
          'PUT',
          '/routes/never',
          change,
          {
            'if-none-match': '*',
          },
        );
        expect(refused).toMatchObject({ status: 503, json: { retryable: true } });
      } finally {
        for (const pid of all.reverse()) process.kill(pid, 'SIGCONT');
      }
      await untilWhole();
      expect(JSON.stringify(await table())).not.toContain('never');
    },
  );

  it('under writes loses none that was confirmed', async () => {
    const made: string[] = [];
    for (let n = 0; n < 30; n += 1) {
      const answer = await operator
        .call('POST', '/api/v1/articles', articleAbout(rareWord()))
        .catch(() => undefined);
      if (answer?.status === 201) made.push(bodyOf<{ id: string }>(answer).id);
      else expect(answer?.status ?? 503).toBeGreaterThanOrEqual(502);
      if (n === 10) process.kill(postmasterPid(), 'SIGKILL');
    }
    await untilWhole();
    for (const articleId of made)
      expect((await operator.call('GET', `/api/v1/articles/${articleId}`)).status).toBe(200);
    expect(made.length).toBeGreaterThan(5);
  });
});
