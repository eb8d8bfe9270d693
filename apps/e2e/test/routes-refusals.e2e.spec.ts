import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort } from '@newscience/testing/free-port';
import { apiClient } from './api.ts';
import { runningSite } from './site.ts';
import { type Outcome, routes } from './support/command.ts';
import { known, newReader, type Person, rareWord } from './support/people.ts';

const site = runningSite();
const id = `refused-${rareWord()}`;
const path = '/api/v1/sections';
let candidate: Server;
let target: string;
let operator: Person;
let reader: Person;

const run = (args: string[], env?: Record<string, string>): Promise<Outcome> =>
  routes(site, args, env);
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
  candidate = createServer((_request, response) => response.end('{"items":[]}'));
  await new Promise<void>((resolve) => candidate.listen(0, '127.0.0.1', resolve));
  target = `http://127.0.0.1:${(candidate.address() as AddressInfo).port}`;
  operator = await known(site.url, site.credentials.operator);
  reader = await newReader(site.url);
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

describe('npm run routes refuses, and says why', () => {
  const search = ['--path', path, '--stage', 'monolith', '--why', 'wrong'];
  it.each<[string, string[], number, RegExp]>([
    ['no command', [], 2, /Usage/],
    ['an unknown command', ['launch'], 2, /unknown command/i],
    ['an unknown option', ['list', '--nope'], 2, /unknown option/i],
    [
      'set without why',
      ['set', id, '--path', path, '--target', 'monolith', '--stage', 'monolith'],
      2,
      /why/,
    ],
    [
      'an unknown stage',
      ['set', id, ...search, '--target', 'monolith', '--stage', 'sideways'],
      1,
      /sideways/,
    ],
    [
      'a path without a slash',
      ['set', id, ...search, '--target', 'monolith', '--path', 'api'],
      1,
      /api/,
    ],
    [
      'a path that climbs',
      ['set', id, ...search, '--target', 'monolith', '--path', '/a/../b'],
      1,
      /\.\./,
    ],
    [
      'a star in the middle',
      ['set', id, ...search, '--target', 'monolith', '--path', '/a/*/b'],
      1,
      /\*/,
    ],
    [
      'a regular expression',
      ['set', id, ...search, '--target', 'monolith', '--path', '/(.*)+$'],
      1,
      /\(/,
    ],
    [
      'two equal names',
      ['set', id, ...search, '--target', 'monolith', '--path', '/:a/:a'],
      1,
      /:?a/,
    ],
    ['an unknown target', ['set', id, ...search, '--target', 'nobody'], 1, /nobody/],
    [
      'a target elsewhere',
      ['set', id, ...search, '--target', 'http://evil.example'],
      1,
      /evil\.example/,
    ],
    ['cloud metadata', ['set', id, ...search, '--target', 'http://169.254.169.254'], 1, /169\.254/],
    [
      'a target with a path',
      ['set', id, ...search, '--target', 'http://127.0.0.1:1/x'],
      1,
      /127\.0\.0\.1/,
    ],
    [
      'a target that is no address',
      ['set', id, ...search, '--target', 'file:///etc/passwd'],
      1,
      /file/,
    ],
    ['the gateway itself', ['set', id, ...search, '--target', site.url], 1, /gateway|itself|own/i],
    [
      'the operator API',
      ['set', id, ...search, '--target', site.operatorUrl],
      1,
      /gateway|itself|own/i,
    ],
    [
      'an unknown method',
      ['set', id, ...search, '--target', 'monolith', '--methods', 'FETCH ME'],
      1,
      /FETCH/,
    ],
    ['a bad id', ['set', '../x', ...search, '--target', 'monolith'], 1, /\.\.\/x|id/],
    ['the default route', ['set', 'default', ...search, '--target', 'monolith'], 1, /default/],
    ['removing the default', ['remove', 'default', '--why', 'bold'], 1, /default/],
    ['staging what is not there', ['stage', 'nobody', 'cutover', '--why', 'bold'], 1, /nobody/],
    ['a why without a word', ['remove', id, '--why', '   '], 1, /why/],
    [
      'no site',
      ['list', '--operator-url', 'http://127.0.0.1:1', '--url', 'http://127.0.0.1:1'],
      3,
      /127\.0\.0\.1:1/,
    ],
    ['no data folder', ['list', '--data', '/nonexistent'], 3, /nonexistent/],
  ])('%s is refused with what is wrong', async (_name, args, code, reason) => {
    const { code: got, out, err } = await run(args);
    expect({ code: got, out, err }).toMatchObject({ code, err: expect.stringMatching(reason) });
    expect(err).not.toMatch(/\n\s+at /);
  });

  it('a refusal is one JSON object for a program', async () => {
    const { code, out } = await run(['stage', 'nobody', 'cutover', '--why', 'bold', '--json']);
    expect({ code, told: JSON.parse(out) as unknown }).toEqual({
      code: 1,
      told: { error: expect.objectContaining({ code: 'route_not_found' }) },
    });
  });

  it('a target that does not answer needs --force', async () => {
    const nobody = `http://127.0.0.1:${await freePort()}`;
    const refused = await make('--target', nobody);
    expect(refused).toMatchObject({ code: 1, err: expect.stringMatching(/--force/) });
    expect((await make('--target', nobody, '--force')).code).toBe(0);
  });

  it('a route that ties with another is refused', async () => {
    expect((await make()).code).toBe(0);
    const tie = await run([
      'set',
      `${id}-2`,
      '--path',
      path,
      '--target',
      target,
      '--stage',
      'monolith',
      '--why',
      'again',
    ]);
    expect(tie).toMatchObject({ code: 1, err: expect.stringContaining(id) });
  });

  it('readers, editors and strangers are turned away', async () => {
    const { email, password } = site.credentials.editor;
    for (const env of [
      { NEWSCIENCE_TOKEN: reader.token },
      { NEWSCIENCE_TOKEN: 'nonsense' },
      { NEWSCIENCE_EMAIL: email, NEWSCIENCE_PASSWORD: password },
      { NEWSCIENCE_EMAIL: email, NEWSCIENCE_PASSWORD: 'wrong wrong wrong' },
    ]) {
      for (const args of [['list'], ['remove', 'default', '--why', 'bold']])
        expect(await run(args, env)).toMatchObject({ code: 4, err: expect.stringMatching(/\S/) });
    }
    for (const [token, status] of [
      [undefined, 401],
      [reader.token, 403],
    ] as const)
      for (const [method, where] of [
        ['GET', '/routes'],
        ['GET', '/audit'],
        ['DELETE', '/routes/x'],
        ['PUT', '/routes/x'],
      ] as const)
        expect((await apiClient(site.operatorUrl, token)(method, where)).status).toBe(status);
  });
});
