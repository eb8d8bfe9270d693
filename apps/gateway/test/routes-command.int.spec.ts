import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort } from '@newscience/testing/free-port';
import { runRoutes } from '../src/cli/program.ts';
import {
  gatewaySurroundings,
  startGateway,
  type Gateway,
  type Surroundings,
} from './gateway-fixture.ts';

let around: Surroundings;
let gateway: Gateway;
/** A working folder in which `npm start` has left its files. */
let cwd: string;

const account = { email: 'ada@newscience.example', password: 'right password' };

beforeAll(async () => {
  around = await gatewaySurroundings();
  gateway = await startGateway(around, 'one');
  cwd = await mkdtemp(join(tmpdir(), 'routes-'));
  await mkdir(join(cwd, '.newscience'));
  const instance = { url: gateway.url, operatorUrl: gateway.operatorUrl };
  await writeFile(join(cwd, '.newscience', 'instance.json'), JSON.stringify(instance));
  await writeFile(
    join(cwd, '.newscience', 'credentials.json'),
    JSON.stringify({ operator: account }),
  );
});

afterAll(async () => {
  await gateway.process.stop();
  await around.close();
  await rm(cwd, { recursive: true });
});

async function routes(line: string | string[], env: Record<string, string> = {}) {
  const lines = { out: [] as string[], err: [] as string[] };
  const args = typeof line === 'string' ? line.split(' ') : line;
  const code = await runRoutes(args, {
    env,
    cwd,
    out: (text) => lines.out.push(text),
    err: (text) => lines.err.push(text),
  });
  return { code, out: lines.out.join('\n'), err: lines.err.join('\n') };
}

const set = (id: string, path: string, ...more: string[]) =>
  routes([
    'set',
    id,
    '--path',
    path,
    '--target',
    'search',
    '--stage',
    'cutover',
    '--why',
    'moving on',
    ...more,
  ]);

describe('the command line', () => {
  it('goes through the life of a route', async () => {
    expect(await set('search', '/api/v1/search', '--methods', 'get,HEAD')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/Methods +GET,HEAD\n/),
    });
    expect(await gateway.answeredBy('/api/v1/search')).toBe('search');

    const list = await routes('list');
    expect(list).toMatchObject({ code: 0, err: '' });
    expect(list.out).toMatch(
      /^Route table, revision 1, from the database\n\nID +PATH +METHODS +STAGE/,
    );
    expect(list.out).toMatch(
      /\nsearch +\/api\/v1\/search +GET,HEAD +cutover +search \(http:\/\/127.0.0.1:\d+\) +1 +\S+ Ada: moving on\n/,
    );
    expect(list.out).toMatch(/\ndefault +\* +any +monolith/);

    expect((await routes('show search')).out).toMatch(/Stage +cutover\n/);
    const explained = await routes('explain GET /api/v1/search?q=moon');
    expect(explained.out).toContain(
      'GET /api/v1/search?q=moon: route search, stage cutover, answered by search',
    );
    expect(explained.out).toMatch(/search +\/api\/v1\/search +GET,HEAD +cutover +chosen/);

    expect(await routes(['stage', 'search', 'monolith', '--why', 'answers differ'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/Stage +monolith\n/),
    });
    expect(await gateway.answeredBy('/api/v1/search')).toBe('monolith');

    expect(await routes(['remove', 'search', '--why', 'start again'])).toEqual({
      code: 0,
      out: 'Route search is removed.',
      err: '',
    });
    const audit = await routes('audit');
    expect(audit.out.split('\n').map((line) => line.split(/ +/).slice(3, 5).join(' '))).toEqual([
      'ROUTE WHAT',
      'search RouteRemoved',
      'search RouteStageChanged',
      'search RouteDefined',
    ]);
    expect(audit.out).toMatch(/cutover +monolith +answers differ\n/);
    expect((await routes('audit --limit 1')).out).toMatch(/Older ones: --cursor 3$/);
    expect((await routes('audit --limit 1 --cursor 3 --route search')).out).toContain(
      'answers differ',
    );
  });

  it('speaks JSON', async () => {
    await set('json', '/json');
    expect(JSON.parse((await routes('list --json')).out)).toMatchObject({
      source: 'database',
      items: [{ id: 'json' }, { id: 'default' }],
    });
    expect(JSON.parse((await routes('--json show json')).out)).toMatchObject({
      id: 'json',
      stage: 'cutover',
    });
    expect(JSON.parse((await routes('explain GET /json --json')).out)).toMatchObject({
      decision: { routeId: 'json' },
    });
    expect(JSON.parse((await routes('audit --json --limit 1')).out)).toMatchObject({
      items: [{ routeId: 'json' }],
    });
    const refused = await routes('show gone --json');
    expect(refused).toMatchObject({ code: 1, err: '' });
    expect(JSON.parse(refused.out)).toMatchObject({
      error: { code: 'route_not_found', status: 404 },
    });
    expect(await routes(['remove', 'json', '--why', 'done here', '--json'])).toMatchObject({
      code: 0,
      out: '{}',
    });
  });

  it('says what is wrong, and what to do, and ends with 1', async () => {
    expect(await set('bad', '/api//x')).toMatchObject({
      code: 1,
      err: expect.stringContaining('at character 6: an empty segment. Remedy: write one "/"'),
    });
    expect(
      await routes([
        'set',
        'bad',
        '--path',
        'x',
        '--target',
        'y',
        '--stage',
        'z',
        '--why',
        'all wrong',
      ]),
    ).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /3 things are wrong[^]*\/body\/path:[^]*\/body\/target:[^]*\/body\/stage:/,
      ),
    });
    expect(await routes(['stage', 'default', 'cutover', '--why', 'never'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('default route'),
    });
    for (const line of [
      ['stage', 'gone', 'cutover'],
      ['remove', 'gone'],
      ['show', 'gone'],
    ]) {
      const args = line[0] === 'show' ? line : [...line, '--why', 'never'];
      expect(await routes(args)).toMatchObject({ code: 1, err: 'No route has the id "gone".' });
    }
    const dead = `http://127.0.0.1:${await freePort()}`;
    const line = [
      'set',
      'dead',
      '--path',
      '/dead',
      '--target',
      dead,
      '--stage',
      'monolith',
      '--why',
      'not yet there',
    ];
    expect(await routes(line)).toMatchObject({ code: 1, err: expect.stringContaining('--force') });
    expect(await routes([...line, '--force'])).toMatchObject({ code: 0 });
    expect(await routes(['stage', 'dead', 'cutover', '--why', 'too early'])).toMatchObject({
      code: 1,
    });
    expect(
      await routes(['stage', 'dead', 'cutover', '--why', 'all the same', '--force']),
    ).toMatchObject({ code: 0 });
    await routes(['remove', 'dead', '--why', 'done here']);
  });

  it('names the revision that it means, and is told where that is over', async () => {
    const made = await set('twice', '/twice', '--revision', '0', '--json');
    expect(made.code).toBe(0);
    const { revision } = JSON.parse(made.out) as { revision: number };
    expect(await set('twice', '/twice', '--revision', '0')).toMatchObject({
      code: 1,
      err: expect.stringContaining('It is now:'),
    });
    const stage = (at: number) =>
      routes(['stage', 'twice', 'monolith', '--why', 'one of two', '--revision', String(at)]);
    expect(await stage(revision)).toMatchObject({ code: 0 });
    const second = await stage(revision);
    expect(second).toMatchObject({ code: 1, err: expect.stringContaining('Ada changed it') });
    expect(second.err).toMatch(/Stage +monolith/);
    expect(
      await routes(['remove', 'twice', '--why', 'old news', '--revision', String(revision)]),
    ).toMatchObject({ code: 1 });
    expect(await routes(['remove', 'twice', '--why', 'done here'])).toMatchObject({ code: 0 });
  });

  it.each([
    [''],
    ['frobnicate'],
    ['show'],
    ['list extra'],
    ['set x --path /x --target search --stage cutover'],
    ['set x --target search --stage cutover --why because'],
    ['stage x cutover'],
    ['stage x cutover --why because --revision later'],
    ['set x --path /x --target search --stage cutover --why because --methods GET,'],
    ['list --frobnicate'],
  ])('ends with 2 where it is used wrongly: %j', async (line) => {
    expect(await routes(line === '' ? [] : line)).toMatchObject({ code: 2 });
  });

  it.each(['--help', 'help', 'set --help'])('helps: %s', async (line) => {
    expect(await routes(line)).toMatchObject({
      code: 0,
      out: expect.stringContaining('Usage: routes'),
    });
  });

  it('ends with 3 where there is no site, or it is not reached', async () => {
    expect(await routes('list --data nowhere')).toMatchObject({
      code: 3,
      err: expect.stringContaining('npm start'),
    });
    expect(await routes('list --operator-url nonsense')).toMatchObject({ code: 3 });
    const dead = `http://127.0.0.1:${await freePort()}`;
    const token = await around.monolith.token();
    expect(await routes(`list --operator-url ${dead}`, { NEWSCIENCE_TOKEN: token })).toMatchObject({
      code: 3,
      err: expect.stringContaining('nothing listens'),
    });
    expect(
      await routes(`list --operator-url ${gateway.url}`, { NEWSCIENCE_TOKEN: token }),
    ).toMatchObject({ code: 3, err: expect.stringContaining('is the address right?') });
  });

  it('ends with 4 where it is not let in', async () => {
    const reader = {
      NEWSCIENCE_EMAIL: 'grace@newscience.example',
      NEWSCIENCE_PASSWORD: 'right password',
    };
    expect(await routes('list', reader)).toMatchObject({
      code: 4,
      err: expect.stringContaining('role operator'),
    });
    expect(await routes('list', { ...reader, NEWSCIENCE_PASSWORD: 'wrong' })).toMatchObject({
      code: 4,
      err: expect.stringContaining('wrong'),
    });
    expect(await routes('list', { NEWSCIENCE_TOKEN: 'nonsense' })).toMatchObject({ code: 4 });
    expect(await routes(`list --data nowhere --operator-url ${gateway.operatorUrl}`)).toMatchObject(
      { code: 4, err: expect.stringContaining('NEWSCIENCE_TOKEN') },
    );
  });

  it('finds site and account by the environment', async () => {
    const env = {
      NEWSCIENCE_OPERATOR_URL: gateway.operatorUrl,
      NEWSCIENCE_TOKEN: await around.monolith.token(),
      NEWSCIENCE_DATA: 'nowhere',
    };
    expect(await routes('list', env)).toMatchObject({ code: 0 });
    expect(
      await routes('list', {
        NEWSCIENCE_URL: gateway.url,
        NEWSCIENCE_OPERATOR_URL: gateway.operatorUrl,
        NEWSCIENCE_EMAIL: account.email,
        NEWSCIENCE_PASSWORD: account.password,
      }),
    ).toMatchObject({ code: 0 });
  });

  it('does not let a reason steer the terminal', async () => {
    await routes([
      'set',
      'escape',
      '--path',
      '/escape',
      '--target',
      'search',
      '--stage',
      'cutover',
      '--why',
      'red \u001b[31m\nnew line',
    ]);
    const { out } = await routes('list');
    expect(out).toContain('red �[31m�new line');
    await routes(['remove', 'escape', '--why', 'done here']);
  });

  it('is a program of its own', async () => {
    const main = join(import.meta.dirname, '../src/cli/main.ts');
    const run = promisify(execFile);
    const { stdout } = await run(process.execPath, [main, 'list', '--json'], { cwd });
    expect(JSON.parse(stdout)).toMatchObject({ items: [{ id: 'default' }] });
    await expect(run(process.execPath, [main, 'show', 'gone'], { cwd })).rejects.toMatchObject({
      code: 1,
      stdout: '',
    });
  });
});
