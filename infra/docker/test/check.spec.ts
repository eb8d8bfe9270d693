import { afterEach, describe, expect, it } from '@jest/globals';
import { err, ok } from '@newscience/service-kit/result';

import type { Docker } from '../src/check/docker.ts';
import { runCheck } from '../src/check/program.ts';
import { startStandIn, type Answers, type StandIn } from './stand-in-site.ts';

type Listed = { readonly service: string; readonly state: string; readonly health?: string };

const running: Listed = { service: 'gateway', state: 'running', health: 'healthy' };
const ended: Listed = { service: 'secrets', state: 'exited' };
const file = JSON.stringify({ name: 'x', services: { gateway: {}, secrets: { restart: 'no' } } });

/** A Docker that says in turn what these lists have; the last one again and again. */
function dockerWith(...lists: readonly (readonly Listed[])[]): Docker {
  let turn = 0;
  return (...args) => {
    if (args[1] === 'config') return Promise.resolve(ok(file));
    if (args[0] === 'stats')
      return Promise.resolve(ok('{"ID":"gateway","MemUsage":"60MiB / 224MiB"}'));
    const list = lists[Math.min(turn, lists.length - 1)] ?? [];
    turn += 1;
    const lines = list.map(({ service, state, health = '' }) =>
      JSON.stringify({ Service: service, ID: service, State: state, Health: health, ExitCode: 0 }),
    );
    return Promise.resolve(ok(lines.join('\n')));
  };
}

let standIn: StandIn | undefined;
afterEach(async () => {
  await standIn?.close();
  standIn = undefined;
});

async function run(
  docker: Docker,
  { args = [], answers }: { args?: string[]; answers?: Answers } = {},
) {
  standIn = await startStandIn(answers);
  const [out, said]: [string[], string[]] = [[], []];
  const code = await runCheck(['--data', standIn.dataDir, ...args], {
    docker,
    env: { NEWSCIENCE_URL: 'http://another.example', NEWSCIENCE_TOKEN: 'of another site' },
    cwd: '/',
    out: (text) => out.push(text),
    err: (text) => said.push(text),
  });
  return { code, out: out.join('\n'), said: said.join('\n') };
}

describe('npm run compose:check', () => {
  it('waits for what is not ready yet, walks, measures, and ends with 0', async () => {
    const starting = { ...running, health: 'starting' };
    const found = await run(dockerWith([starting, ended], [starting, ended], [running, ended]));
    expect(found.said).toBe('Waiting for gateway ...');
    expect(found.code).toBe(0);
    expect(found.out).toContain('gateway  ready   63 MB  235 MB   27 %');
    expect(found.out).toContain('✓ home page: 2 articles');
    expect(found.out).toContain('✓ operator API without a token: refused');
  });

  it('says the same as JSON, and nothing else', async () => {
    const { code, out, said } = await run(dockerWith([running, ended]), { args: ['--json'] });
    expect([code, said]).toEqual([0, '']);
    expect(JSON.parse(out)).toMatchObject({ ok: true, memory: { bytes: 62_914_560 } });
  });

  it.each<[string, Answers, string]>([
    [
      'a home page without articles',
      { 'GET /': '<p>' },
      'The walk failed at "home page": it shows no article',
    ],
    ['a home page that is not there', { 'GET /': 503 }, 'answered 503, not 200'],
    ['an article without a headline', { 'GET /articles/tides': '<p>' }, 'it has no headline'],
    [
      'a search that finds nothing',
      { 'GET /api/v1/search?q=science&limit=1': { total: 0 } },
      'it finds nothing',
    ],
    [
      'an account that cannot log in',
      { 'POST /api/v1/tokens': 401 },
      'The walk failed at "log in"',
    ],
    ['an operator API that is open to all', { closed: 200 }, '/routes answered 200, not 401'],
  ])('ends with 1 for %s', async (_, answers, message) => {
    const { code, out } = await run(dockerWith([running, ended]), { answers });
    expect([code, out]).toEqual([1, expect.stringContaining(message)]);
  });

  it('ends with 1, and does not wait, where a service has failed', async () => {
    const { code, out } = await run(dockerWith([{ ...running, state: 'exited' }, ended]));
    expect([code, out]).toEqual([1, expect.stringContaining('gateway ended with 0')]);
  });

  it('ends with 1 where the time runs out', async () => {
    const { code, out } = await run(dockerWith([{ ...running, health: 'starting' }, ended]), {
      args: ['--timeout', '0'],
    });
    expect([code, out]).toEqual([1, expect.stringContaining('gateway is starting')]);
  });

  it('ends with 3 where nothing is started, or no engine answers', async () => {
    const idle = await run(dockerWith([]));
    expect([idle.code, idle.said]).toEqual([
      3,
      expect.stringContaining('the stack is not started'),
    ]);
    await standIn?.close();
    const gone = await run(() => Promise.resolve(err({ code: 'no_engine', detail: 'no daemon' })), {
      args: ['--json'],
    });
    expect([gone.code, JSON.parse(gone.out)]).toEqual([3, { ok: false, faults: ['no daemon'] }]);
  });

  it('ends with 2 for a wrong command line, and with 0 for --help', async () => {
    const wrong = await run(dockerWith([]), { args: ['--timeout', 'soon'] });
    expect([wrong.code, wrong.said]).toEqual([
      2,
      expect.stringContaining('Give whole seconds from 0 on.'),
    ]);
    await standIn?.close();
    const help = await run(dockerWith([]), { args: ['--help'] });
    expect([help.code, help.out]).toEqual([
      0,
      expect.stringContaining('Exit codes: 0 all is well'),
    ]);
  });
});
