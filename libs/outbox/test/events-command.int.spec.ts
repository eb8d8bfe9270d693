import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import { freePort } from '@newscience/testing/free-port';

import { runEvents } from '../src/cli/program.ts';
import { type ConsumerSite, consumerSite, type Member } from './consumer-site.ts';
import { effectStream, type EffectStream } from './effect-stream.ts';
import { type EventApi, startEventApi, tokenOf } from './event-api.ts';

let site: ConsumerSite;
let member: Member;
let broken: Set<string>;
let stream: EffectStream;
let service: EventApi;
/** Another service of the site, which consumes nothing. */
let other: Server;
/** A working folder in which `npm start` has left its files. */
let cwd: string;
let gone: string;

beforeEach(async () => {
  site = await consumerSite();
  broken = new Set(['a/1', 'b/1']);
  site.fails = (id) =>
    broken.has(id) ? new Error(`${id} is poison \u001b[2J ${'x'.repeat(100)}`) : undefined;
  member = await site.start();
  stream = effectStream(site.pool);
  const lag = (group: string) =>
    Promise.resolve(
      [12n, 3n].map((behind, partition) => ({ topic: `of ${group}`, partition, behind })),
    );
  service = await startEventApi({
    ...{ pool: site.pool, bus: { lag }, groups: ['activity'], routes: stream.routes },
  });
  other = createServer((_req, res) => res.writeHead(404).end('<h1>Not found</h1>'));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  const otherPort = typeof address === 'object' ? address?.port : undefined;
  gone = `http://127.0.0.1:${await freePort()}`;
  cwd = await mkdtemp(join(tmpdir(), 'events-'));
  await mkdir(join(cwd, '.newscience'));
  const services = [
    { name: 'gateway', pid: 1, url: `http://127.0.0.1:${otherPort}` },
    { name: 'activity-service', pid: 2, url: service.url },
  ];
  const files = {
    'instance.json': { url: service.url, services },
    'credentials.json': { operator: { email: 'olga@example.org', password: 'right password' } },
  };
  for (const [name, content] of Object.entries(files))
    await writeFile(join(cwd, '.newscience', name), JSON.stringify(content));
});
afterEach(async () => {
  await Promise.all([
    service.close(),
    new Promise((resolve) => other.close(resolve)),
    rm(cwd, { recursive: true }),
  ]);
  await site.close();
});

type Running = { readonly out: string[]; readonly err: string[]; readonly stop: () => void };

function start(line: string | string[], env: Record<string, string> = {}) {
  const stopping = new AbortController();
  const running: Running = { out: [], err: [], stop: () => stopping.abort() };
  const ended = runEvents(typeof line === 'string' ? line.split(' ') : line, {
    ...{ env, cwd, signal: stopping.signal },
    out: (text) => running.out.push(text),
    err: (text) => running.err.push(text),
  });
  return { ...running, ended };
}

async function events(line: string | string[], env: Record<string, string> = {}) {
  const running = start(line, env);
  const code = await running.ended;
  return { code, out: running.out.join('\n'), err: running.err.join('\n') };
}

async function dead(...ids: string[]): Promise<void> {
  for (const id of ids) {
    await member.deliver([id]);
    await eventually(async () => expect(await site.count('inbox_waiting')).toBe(0));
  }
}

describe('dead letters on the command line', () => {
  it('are found, looked at, replayed and given up, and all of it is in the audit log', async () => {
    expect(await events('dead list')).toMatchObject({ code: 0, out: 'There are no dead letters.' });
    await dead('a/1', 'b/1');
    const list = await events('dead list');
    expect(list).toMatchObject({ code: 0, err: '' });
    expect(list.out).toMatch(/^ID +LAST FAILED +CONSUMER +TYPE +KEY +ATTEMPTS +CAUSE\n/);
    expect(list.out).toMatch(/\nactivity-service\/2 +\S+ +activity +\S+ +b +3 +b\/1 is poison �/);
    expect(list.out).not.toContain('\u001b');
    expect((await events('dead list --limit 1')).out).toMatch(/--before activity-service\/2$/);
    const second = await events('dead list --limit 1 --before activity-service/2');
    expect(second.out).toContain('activity-service/1 ');

    const shown = await events('dead show activity-service/1');
    expect(shown.out).toMatch(/Dead letter +activity-service\/1\n/);
    expect(shown.out).toContain('"specversion": "1.0"');

    broken.clear();
    expect(await events('dead replay activity-service/1')).toMatchObject({
      ...{ code: 0, out: 'The event a/1 (activity-service/1) is tried again.' },
    });
    await eventually(async () => expect(await site.effects()).toEqual(['a/1']));
    const discard = ['dead', 'discard', 'activity-service/2', '--why', 'of no use'];
    expect(await events(discard)).toMatchObject({
      ...{ code: 0, out: 'The event b/1 (activity-service/2) is given up.' },
    });
    const audit = (await events('dead audit')).out.split('\n');
    expect(audit[0]).toMatch(/^WHEN +WHO +WHAT +DEAD LETTER +EVENT +WHY$/);
    const today = new Date().toISOString().slice(0, 10);
    expect(audit[1]).toMatch(
      new RegExp(`^${today}\\S+ +olga +discarded +activity-service/2 +b/1 +of no use$`),
    );
    expect(audit[2]).toMatch(/olga +replayed +activity-service\/1 +a\/1 +-$/);
  });

  it('are JSON for programs', async () => {
    await dead('a/1');
    expect(JSON.parse((await events('dead list --json')).out)).toMatchObject({
      items: [{ id: 'activity-service/1', service: 'activity-service', eventId: 'a/1' }],
      ...{ more: [], failed: [] },
    });
    expect(JSON.parse((await events('--json dead show activity-service/1')).out)).toMatchObject({
      ...{ id: 'activity-service/1', event: { id: 'a/1' } },
    });
    const missing = await events('dead show activity-service/99 --json');
    expect(missing).toMatchObject({ code: 1, err: '' });
    expect(JSON.parse(missing.out)).toMatchObject({
      error: { code: 'dead_letter_not_found', status: 404 },
    });
  });

  it('are refused with a reason', async () => {
    await dead('a/1');
    expect(await events('dead discard activity-service/1 --why no')).toMatchObject({
      ...{ code: 1, err: expect.stringContaining('/body/why: ') },
    });
    expect(await events('dead show activity-service/99')).toMatchObject({ code: 1 });
    expect(await events('dead replay gateway/1')).toMatchObject({
      ...{ code: 3, err: 'gateway consumes no events' },
    });
    expect(await events('dead replay search/1')).toMatchObject({
      ...{ code: 3, err: expect.stringContaining('known are: gateway, activity-service') },
    });
    const editor = { NEWSCIENCE_TOKEN: tokenOf({ role: 'editor' }) };
    expect(await events('dead list', editor)).toMatchObject({ code: 4 });
    expect(await events('dead replay activity-service/1', editor)).toMatchObject({ code: 4 });
    expect(await site.count('inbox_dead_letter')).toBe(1);
  });
});

describe('the lag on the command line', () => {
  it('is one row for each topic of a group', async () => {
    const { code, out } = await events('lag');
    expect(code).toBe(0);
    expect(out).toMatch(/^SERVICE +GROUP +TOPIC +PARTITIONS +BEHIND +MOST IN ONE\n/);
    expect(out).toMatch(/\nactivity-service +activity +of activity +2 +15 +12$/);
    expect(JSON.parse((await events('lag --json')).out)).toMatchObject({
      items: [
        { partition: 0, behind: 12 },
        { partition: 1, behind: 3 },
      ],
    });
  });

  it('is shown where another service does not answer, and that is said', async () => {
    const some = await events(['lag', '--service', `search=${gone}`]);
    expect(some).toMatchObject({ code: 3, out: expect.stringContaining('activity-service') });
    expect(some.err).toContain(`search: nothing listens at ${gone}`);
    const env = { NEWSCIENCE_SERVICES: `search=${gone}` };
    expect(JSON.parse((await events('lag --json', env)).out)).toMatchObject({
      ...{ items: [{}, {}], failed: [{ service: 'search', code: 'site_unreachable' }] },
    });
  });

  it('is not known of a site without services', async () => {
    await writeFile(
      join(cwd, '.newscience', 'instance.json'),
      JSON.stringify({ url: service.url, services: [] }),
    );
    expect(await events('lag')).toMatchObject({
      ...{ code: 3, err: expect.stringContaining('--service NAME=URL') },
    });
    const env = { NEWSCIENCE_SERVICES: 'nonsense' };
    expect(await events('lag', env)).toMatchObject({ code: 3 });
    const only = `gateway=http://127.0.0.1:${new URL(service.url).port}/nowhere`;
    expect(await events(['lag', '--service', only])).toMatchObject({ code: 2 });
  });
});

describe('the tail', () => {
  it('shows what happens within moments, until it is stopped', async () => {
    const tail = start('tail');
    await eventually(() => expect(stream.asked).toHaveLength(1));
    await member.deliver(['c/1', 'd/1']);
    await eventually(() => expect(tail.out).toHaveLength(2));
    expect(tail.out[0]).toBe(
      '2026-03-02T06:00:00.000Z  newscience.route.StageChanged.v1  c  The route c �[2J went on.',
    );
    tail.stop();
    expect(await tail.ended).toBe(0);
    expect(tail.err).toEqual([]);
  });

  it('begins earlier, filters, counts, and speaks JSON where it is asked to', async () => {
    await member.deliver(['c/1', 'd/1', 'c/2']);
    const args = ['--since', '2026-03-01', '--subject', 'c', '--type', 'newscience.route.*'];
    const { code, out } = await events(['tail', '--json', '--limit', '2', ...args]);
    expect(code).toBe(0);
    const lines = out.split('\n').map((line): unknown => JSON.parse(line));
    expect(lines).toMatchObject([{ eventId: 'c/1' }, { eventId: 'c/2' }]);
    expect(stream.asked).toEqual([
      {
        ...{ after: 0, from: '2026-03-01T00:00:00.000Z', lastId: undefined },
        ...{ subject: 'c', type: 'newscience.route.*' },
      },
    ]);
  });

  it('goes on after a lost connection, with each activity once', async () => {
    const tail = start('tail');
    await eventually(() => expect(stream.asked).toHaveLength(1));
    await member.deliver(['c/1']);
    await eventually(() => expect(tail.out).toHaveLength(1));
    stream.refusals = 1;
    stream.break();
    await member.deliver(['c/2', 'c/3']);
    await eventually(() => expect(tail.out).toHaveLength(3), { withinMs: 10_000 });
    expect(tail.err).toEqual(['the connection was lost; trying again', 'connected again']);
    expect(stream.asked.at(-1)).toMatchObject({ lastId: '1' });
    tail.stop();
    expect(await tail.ended).toBe(0);
  });

  it('ends where there is nothing to read', async () => {
    expect(await events(['tail', '--service', `activity-service=${gone}`])).toMatchObject({
      ...{ code: 3, err: expect.stringContaining('nothing listens') },
    });
    const editor = { NEWSCIENCE_TOKEN: tokenOf({ role: 'editor' }) };
    expect(await events('tail', editor)).toMatchObject({ code: 4 });
    const address = other.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const wrong = `activity-service=http://127.0.0.1:${port}`;
    expect(await events(['tail', '--service', wrong])).toMatchObject({
      ...{ code: 3, err: expect.stringContaining('is it the activity service?') },
    });
  });
});

describe('the command line', () => {
  it('is a program of its own, which SIGINT ends in order', async () => {
    const main = join(import.meta.dirname, '../src/cli/main.ts');
    const run = promisify(execFile);
    const { stdout } = await run(process.execPath, [main, 'lag'], { cwd });
    expect(stdout).toContain('activity-service');
    const tail = run(process.execPath, [main, 'tail'], { cwd });
    await eventually(() => expect(stream.asked).toHaveLength(1), { withinMs: 10_000 });
    await member.deliver(['c/1']);
    let shown = '';
    tail.child.stdout?.on('data', (text: string) => (shown += text));
    await eventually(() => expect(shown).toContain('The route c'), { withinMs: 10_000 });
    tail.child.kill('SIGINT');
    expect((await tail).stderr).toBe('');
    expect(tail.child.exitCode).toBe(0);
  }, 30_000);
});
