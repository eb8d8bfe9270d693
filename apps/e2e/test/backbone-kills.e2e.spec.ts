import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import { apiClient } from './api.ts';
import { type Instance, type StartedSite, startSite } from './site.ts';
import {
  type Activity,
  asRole,
  kind,
  serviceUrl,
  type Timeline,
  timelineOf,
} from './support/backbone.ts';
import { events, publishEvent } from './support/event-command.ts';
import { type Article, articleAbout, bodyOf } from './support/newsroom.ts';
import { known, type Person, rareWord } from './support/people.ts';

/** A site of its own: whoever is killed here is missed by no other journey. */
let started: StartedSite;
let operator: Person;
let editor: Person;
let timeline: Timeline;
const patience = { withinMs: 90_000, everyMs: 200 };

beforeAll(async () => {
  started = await startSite();
  const credentials = JSON.parse(
    readFileSync(join(started.dataDir, 'credentials.json'), 'utf8'),
  ) as Instance['credentials'];
  operator = await known(started.url, credentials.operator);
  // Past the gateway, so that articles change also while there is none.
  editor = await known(serviceUrl(instance(), 'monolith'), credentials.editor);
  timeline = timelineOf(instance(), operator.token);
  // Attempts take up to a minute and a half: the last test sees what has become of these.
  const poison = { type: 'newscience.article.Published.v1', subject: 'poison', id: 'poison/1' };
  await publishEvent(started, { ...poison, data: { title: '\u001b[31mred' } });
  const later = { subject: 'later', data: {} };
  await publishEvent(started, { ...later, type: 'newscience.article.Exploded.v1', id: 'later/1' });
  await publishEvent(started, { ...later, type: 'newscience.article.Published.v9', id: 'later/2' });
}, 150_000);

afterAll(() => started.stop(), 60_000);

const instance = (): Instance => JSON.parse(readFileSync(started.instanceFile, 'utf8')) as Instance;

/** Ends a process without a farewell, and waits until the launcher has started it again. */
async function kill(name: string): Promise<void> {
  if (name === 'postgres') {
    const file = join(started.dataDir, 'postgres', 'postmaster.pid');
    const server = Number(readFileSync(file, 'utf8').split('\n')[0]);
    expect(server).toBeGreaterThan(1);
    process.kill(server, 'SIGKILL');
    return;
  }
  const pidOf = (): number => {
    const pid = instance().services.find((one) => one.name === name)?.pid;
    if (pid === undefined || pid < 2) throw new Error(`${name} is not there`);
    return pid;
  };
  const pid = await eventually(pidOf, patience);
  process.kill(pid, 'SIGKILL');
  await eventually(() => expect(pidOf()).not.toBe(pid), patience);
}

const capture = (method = 'GET', path = '', body?: object) =>
  apiClient(serviceUrl(instance(), 'migrator'), operator.token)(
    method,
    `/api/v1/capture${path}`,
    body,
  );

/** Everything captured, everything captured published, everything published taken in. */
async function untilCaughtUp(): Promise<void> {
  await eventually(async () => {
    const { position, ...state } = bodyOf<Record<string, unknown>>(await capture());
    expect(state).toMatchObject({ status: 'streaming', lagBytes: 0, confirmed: position });
    const metrics = apiClient(serviceUrl(instance(), 'migrator'));
    expect((await metrics('GET', '/metrics')).text).toMatch(/^outbox_lag_rows\{.*\} 0$/m);
    const lag = bodyOf<{ items: { behind: number }[] }>(
      await timeline.call('GET', '/admin/events/lag'),
    );
    expect(lag.items.filter(({ behind }) => behind > 0)).toEqual([]);
  }, patience);
}

/** What the legacy database holds: the truth that everything told is compared with. */
const truth = (): Promise<Map<string, { status: string; revision: number; title: string }>> =>
  asRole(started, 'monolith', 'monolith', async (client) => {
    const { rows } = await client.query<{
      id: string;
      status: string;
      revision: number;
      title: string;
    }>('SELECT art_ref AS id, sts AS status, rev AS revision, ttl AS title FROM art');
    return new Map(rows.map(({ id, ...article }) => [id, article]));
  });

async function toldBySubject(): Promise<Map<string, Activity[]>> {
  const found = new Map<string, Activity[]>();
  for (const event of await timeline.all({ context: 'article' }))
    found.set(event.subject, [...(found.get(event.subject) ?? []), event]);
  return found;
}

/** Each event once, each article as it is, the counters right. */
async function expectTold(): Promise<Map<string, Activity[]>> {
  await untilCaughtUp();
  const [articles, told] = [await truth(), await toldBySubject()];
  const public_ = [...articles].filter(([, { status }]) => status === 'P');
  for (const [id, { revision, title }] of public_) {
    const last = told.get(id)?.at(-1);
    expect({ id, data: last?.data }).toMatchObject({ id, data: { revision, title } });
    expect(last?.type).not.toMatch(/Withdrawn/);
  }
  for (const [id, events] of told) {
    if (articles.get(id)?.status !== 'P') expect(events.at(-1)?.type).toMatch(/Withdrawn/);
    const revisions = events.map(({ data }) => Number(data['revision']));
    expect({ id, revisions }).toEqual({
      id,
      revisions: [...new Set(revisions)].sort((a, b) => a - b),
    });
  }
  const { counts, agrees } = await timeline.counters();
  expect(agrees).toBe(true);
  const counted = ['Published', 'Updated', 'Withdrawn'].map(
    (name) => counts.get(`newscience.article.${name}.v1`) ?? 0,
  );
  const stored = [...told.values()].reduce((sum, { length }) => sum + length, 0);
  expect(counted.reduce((sum, count) => sum + count, 0)).toBe(stored);
  expect((await capture('GET', '/rejected')).json).toMatchObject({ items: [] });
  return told;
}

describe('processes that are killed while articles change', () => {
  it('lose nothing and double nothing: each change of each article is one event, in order', async () => {
    let going = true;
    const own = new Set<string>();
    async function write(): Promise<void> {
      let article: Article | undefined;
      const step = async (method: string, path: string, body?: object): Promise<Article> => {
        const headers = article === undefined ? {} : { 'if-match': `"${article.revision}"` };
        const answer = await editor.call(method, `/api/v1/articles${path}`, body, headers);
        if (answer.status >= 400) throw new Error(answer.text);
        return bodyOf<Article>(answer);
      };
      while (going) {
        try {
          article = undefined;
          article = await step('POST', '', articleAbout(rareWord()));
          own.add(article.id);
          article = await step('POST', `/${article.id}/publish`);
          for (const title of ['one', 'two'])
            article = await step('PUT', `/${article.id}`, articleAbout(rareWord(), { title }));
          article = await step('POST', `/${article.id}/withdraw`);
          article = await step('POST', `/${article.id}/publish`);
        } catch {
          await sleep(50); // no database just now; the legacy database knows what became of it
        }
      }
    }
    const routes = apiClient(instance().operatorUrl, operator.token);
    let etag = '';
    let steered = 0;
    async function steer(): Promise<void> {
      const route = { path: '/killed', methods: [], target: 'monolith', stage: 'monolith' };
      for (let n = 0; going; n += 1) {
        const answer = await routes(
          'PUT',
          '/routes/killed',
          { ...route, methods: n % 2 === 0 ? [] : ['GET'], why: `change ${n}` },
          etag === '' ? { 'if-none-match': '*' } : { 'if-match': etag },
        ).catch(() => undefined);
        etag = answer?.headers.get('etag') ?? etag;
        if (answer !== undefined && answer.status < 300) steered += 1;
        if (answer?.status === 412)
          etag = (await routes('GET', '/routes/killed')).headers.get('etag') ?? '';
        await sleep(100);
      }
    }
    const work = Promise.all([write(), write(), write(), steer()]);
    await sleep(700);
    await kill('gateway');
    await kill('migrator');
    await kill('activity-service');
    await kill('postgres');
    await sleep(1_500);
    await Promise.all([kill('migrator'), kill('activity-service'), kill('gateway')]);
    await sleep(1_500);
    const before = steered;
    await eventually(() => expect(steered).toBeGreaterThan(before + 3), patience);
    going = false;
    await work;
    await eventually(
      async () => expect((await editor.call('GET', '/api/v1/sections')).status).toBe(200),
      patience,
    );
    const told = await expectTold();
    const articles = await truth();
    for (const id of own) {
      const { status, revision } = articles.get(id) ?? { status: 'D', revision: 0 };
      const wanted = Array.from({ length: status === 'D' ? 0 : revision - 1 }, (_, n) => n + 2);
      const steps = ['', '', 'Published', 'Updated', 'Updated', 'Withdrawn', 'Published'];
      expect({ id, kinds: (told.get(id) ?? []).map(kind) }).toEqual({
        id,
        kinds: wanted.map((n) => `${steps[n] ?? ''} ${n}`),
      });
    }
    expect(own.size).toBeGreaterThan(5);
    const audit: number[] = []; // newest first
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: { items: { revision: number }[]; nextCursor: string | null } = bodyOf(
        await routes('GET', `/audit?route=killed&limit=100${cursor && `&cursor=${cursor}`}`),
      );
      audit.push(...page.items.map(({ revision }) => revision));
      cursor = page.nextCursor;
    }
    await eventually(async () => {
      const changes = (await timeline.of('killed')).map(({ data }) => Number(data['revision']));
      expect(changes).toEqual(audit.toReversed());
    });
    console.log(`${own.size} articles and ${audit.length} changes of a route through seven kills`);
  }, 180_000);

  it('a transaction of 2,031 articles, with the capture killed in the middle of it', async () => {
    const word = rareWord();
    const before = [...(await toldBySubject()).values()].flat().length;
    await asRole(started, 'monolith', 'monolith', (client) =>
      client.query(
        `WITH made AS (
           INSERT INTO art (art_ref, ttl, smry, bdy, sect_cd, sts, pub_ts)
           SELECT '${word}-' || n, 'Title ' || n, 'Summary', repeat('Many words. ', 800), (SELECT min(sect_cd) FROM sect), 'P', now()
           FROM generate_series(1, 2031) n RETURNING art_id)
         INSERT INTO art_aut (art_id, seq, aut_nm) SELECT art_id, 1, 'Ada' FROM made`,
      ),
    );
    await sleep(150);
    await kill('migrator');
    await sleep(800);
    await kill('migrator');
    await eventually(
      async () =>
        expect((await timeline.all({ context: 'article' })).length).toBeGreaterThanOrEqual(
          before + 2031,
        ),
      { ...patience, everyMs: 1_000 },
    );
    const told = await expectTold();
    const mine = [...told].filter(([id]) => id.startsWith(word));
    expect(mine).toHaveLength(2031);
    expect(new Set(mine.map(([, events]) => events.map(kind).join()))).toEqual(
      new Set(['Published 1']),
    );
    // One transaction is told as one: all of it happened at the same moment.
    expect(new Set(mine.map(([, [event]]) => event?.time)).size).toBe(1);
  }, 180_000);
});

describe('capture that cannot go on', () => {
  it('takes a fresh snapshot when its slot is lost, says why, and tells the difference alone', async () => {
    const before = (await expectTold()).size;
    const [first, second] = [...(await truth())]
      .filter(([, { status }]) => status === 'P')
      .map(([id]) => id);
    const countOf = async (): Promise<number> =>
      (await timeline.all({ context: 'article' })).length;
    const events = await countOf();
    await asRole(started, 'postgres', 'monolith', async (client) => {
      const slot = "slot_name = 'newscience_capture'";
      await eventually(
        async () => {
          await client.query(
            `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE ${slot}`,
          );
          await client.query(
            `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE ${slot}`,
          );
        },
        { everyMs: 5 },
      );
      await client.query(
        "UPDATE art SET ttl = 'while nobody looked', rev = rev + 1 WHERE art_ref = $1",
        [first],
      );
      await client.query('DELETE FROM art WHERE art_ref = $1', [second]);
    });
    await eventually(async () => {
      const { items } = bodyOf<{ items: { action: string; why: string }[] }>(
        await capture('GET', '/audit'),
      );
      expect(items[0]).toMatchObject({
        action: 'snapshot_completed',
        why: expect.stringMatching(/slot/i),
      });
    }, patience);
    const told = await expectTold();
    expect(told.get(first ?? '')?.at(-1)?.data).toMatchObject({ title: 'while nobody looked' });
    expect(told.get(second ?? '')?.at(-1)?.type).toMatch(/Withdrawn/);
    expect(await countOf()).toBe(events + 2);
    expect(told.size).toBe(before);
  }, 120_000);

  it('stops at a column that got another name, says what to do, and goes on when it is back', async () => {
    const [id] = [...(await truth())]
      .filter(([, { status }]) => status === 'P')
      .map(([ref]) => ref);
    const rename = (from: string, to: string): Promise<unknown> =>
      asRole(started, 'monolith_owner', 'monolith', (client) =>
        client.query(`ALTER TABLE art RENAME COLUMN ${from} TO ${to}`),
      );
    await rename('kick', 'kicker');
    await asRole(started, 'monolith', 'monolith', (client) =>
      client.query("UPDATE art SET ttl = 'renamed', rev = rev + 1 WHERE art_ref = $1", [id]),
    );
    await eventually(async () =>
      expect((await capture()).json).toMatchObject({
        status: 'stopped',
        code: expect.stringMatching(/schema/),
        detail: expect.stringContaining('kick'),
        remedy: expect.stringMatching(/\w/),
      }),
    );
    const health = await apiClient(serviceUrl(instance(), 'migrator'))('GET', '/health/ready');
    expect(health).toMatchObject({ status: 503, json: { status: 'unready' } });
    await rename('kicker', 'kick');
    await eventually(
      async () => expect((await capture()).json).toMatchObject({ status: 'streaming' }),
      patience,
    );
    const told = await expectTold();
    expect(told.get(id ?? '')?.at(-1)?.data).toMatchObject({ title: 'renamed' });
  }, 120_000);
});

describe('events that nobody can handle', () => {
  type Letter = { id: string; key: string; attempts: number; cause: string };
  const told = async (...args: string[]): Promise<Record<string, unknown>> =>
    JSON.parse((await events(started, [...args, '--json'])).out) as Record<string, unknown>;
  const letters = async (): Promise<Letter[]> =>
    ((await told('dead', 'list')) as { items: Letter[] }).items;

  it('become dead letters, and an operator discards them with a reason that is kept', async () => {
    const [letter] = await eventually(
      async () => {
        const found = await letters();
        expect(found).not.toEqual([]);
        return found;
      },
      { withinMs: 150_000, everyMs: 1_000 },
    );
    const id = String(letter?.id);
    expect(letter).toMatchObject({ attempts: 10, cause: expect.stringContaining('/data/') });
    expect(JSON.stringify(await told('dead', 'show', id))).toContain('poison/1');
    const shown = await events(started, ['dead', 'show', id]);
    expect(shown).toMatchObject({ code: 0, out: expect.stringContaining('poison/1') });
    expect(shown.out).not.toContain('\u001b');
    expect((await events(started, ['dead', 'discard', id])).code).toBe(2);
    const why = 'a test <b>\u202E';
    expect((await events(started, ['dead', 'discard', id, '--why', why])).code).toBe(0);
    expect((await events(started, ['dead', 'discard', id, '--why', why])).code).toBe(1);
    expect((await events(started, ['dead', 'replay', id])).code).toBe(1);
    expect((await letters()).map((one) => one.id)).not.toContain(letter?.id);
    const audit = (await told('dead', 'audit')) as { items: Record<string, unknown>[] };
    expect(audit.items).toHaveLength(1);
    expect(audit.items[0]).toMatchObject({ action: 'discarded', why });
    expect(JSON.stringify(audit.items[0])).toMatch(/operator/i);
    // Of a type or version that is not known yet nothing is kept but the count.
    for (const subject of ['poison', 'later']) expect(await timeline.of(subject)).toEqual([]);
    const activity = apiClient(serviceUrl(instance(), 'activity-service'));
    await eventually(async () => {
      const { text } = await activity('GET', '/metrics');
      expect(text).toMatch(/^consumer_dead_letters\{.*\} 0$/m);
    });
  }, 180_000);
});
