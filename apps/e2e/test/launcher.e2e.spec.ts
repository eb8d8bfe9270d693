import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import { freePortRange } from '@newscience/testing/free-port';
import { connectRaw } from '@newscience/testing/raw-http';
import { apiClient } from './api.ts';
import { type Instance, portOffsets } from './site.ts';
import { isAlive, launch, type Launched, listens, processesOf } from './support/launched.ts';
import { articleAbout, bodyOf, published } from './support/newsroom.ts';
import { known, rareWord } from './support/people.ts';

const minutes = 60_000;
const dataDir = mkdtempSync(join(tmpdir(), 'newscience-launcher-'));
chmodSync(dataDir, 0o755);
let port: number;
let url: string;
let site: Launched;
const started: Launched[] = [];

function begin(...args: string[]): Launched {
  const launched = launch(args);
  started.push(launched);
  return launched;
}

const again = (...args: string[]): Launched =>
  begin('--port', String(port), '--data', dataDir, ...args);
const refused = async (
  launched: Launched,
): Promise<{ code: number | null; said: string; lines: number }> => {
  const code = await launched.ended;
  const said = launched.err().trim() || launched.out().trim();
  return { code, said, lines: said.split('\n').length };
};
const services = (): Instance['services'] =>
  (JSON.parse(readFileSync(join(dataDir, 'instance.json'), 'utf8')) as Instance).services;
const editorAccount = (): { email: string; password: string } =>
  (JSON.parse(readFileSync(join(dataDir, 'credentials.json'), 'utf8')) as Instance['credentials'])
    .editor;
const ports = (): number[] => portOffsets.map((offset) => port + offset);

beforeAll(async () => {
  port = await freePortRange(portOffsets.slice(1));
  url = `http://127.0.0.1:${port}`;
  site = again();
  await site.settled;
}, 2 * minutes);

afterAll(async () => {
  for (const launched of started) launched.signalGroup('SIGTERM');
  await Promise.all(started.map(({ ended }) => ended));
  rmSync(dataDir, { recursive: true, force: true });
}, minutes);

describe('npm start', () => {
  it('ends with the ready line, after a table of what runs, where, and where the logs are', () => {
    expect(site.out().trimEnd().split('\n').at(-1)).toBe(`New Science is ready: ${url}`);
    for (const name of ['gateway', 'monolith', 'PostgreSQL'])
      expect(site.out()).toMatch(new RegExp(`${name} +(http://)?127`));
    for (const name of ['gateway', 'monolith', 'postgres'])
      expect(existsSync(join(dataDir, 'logs', `${name}.log`))).toBe(true);
  });

  it('has at least 40 sample articles of several sections, authors and years', async () => {
    const list = bodyOf<{
      items: { publishedAt: string; section: { code: string }; authors: string[] }[];
    }>(await apiClient(url)('GET', '/api/v1/articles?limit=100')).items;
    expect(list.length).toBeGreaterThanOrEqual(40);
    const distinct = (values: string[]): number => new Set(values).size;
    expect(distinct(list.map(({ section }) => section.code))).toBeGreaterThan(4);
    expect(distinct(list.map(({ publishedAt }) => publishedAt.slice(0, 4)))).toBeGreaterThan(4);
    expect(distinct(list.flatMap(({ authors }) => authors))).toBeGreaterThan(4);
  });
});

describe('what cannot start says in one sentence why and what to do', () => {
  it(
    'a second start on the same data',
    async () => {
      const outcome = await refused(again());
      expect(outcome).toMatchObject({ code: 1, lines: 1, said: expect.stringContaining(dataDir) });
      const elsewhere = await refused(
        begin('--port', String(await freePortRange(portOffsets.slice(1))), '--data', dataDir),
      );
      expect(elsewhere).toMatchObject({ code: 1, lines: 1 });
      expect((await apiClient(url)('GET', '/')).status).toBe(200);
    },
    minutes,
  );

  it.each(portOffsets)(
    'port + %d taken',
    async (offset) => {
      const free = await freePortRange(portOffsets.slice(1));
      const taken = createServer().listen(free + offset, '127.0.0.1');
      const folder = mkdtempSync(join(tmpdir(), 'newscience-taken-'));
      const outcome = await refused(begin('--port', String(free), '--data', folder));
      expect(outcome).toMatchObject({
        code: 1,
        lines: 1,
        said: expect.stringContaining(String(free + offset)),
      });
      expect(outcome.said).toMatch(/--port/);
      taken.close();
      expect(processesOf(folder)).toEqual([]);
      rmSync(folder, { recursive: true, force: true });
    },
    minutes,
  );

  it(
    'a data folder that cannot be written',
    async () => {
      const file = join(dataDir, 'a-file');
      writeFileSync(file, '');
      for (const folder of [file, join(file, 'below')]) {
        const outcome = await refused(
          begin('--port', String(await freePortRange(portOffsets.slice(1))), '--data', folder),
        );
        expect(outcome).toMatchObject({ code: 1, lines: 1, said: expect.stringContaining(folder) });
      }
      rmSync(file);
    },
    minutes,
  );

  it.each([
    ['--nope'],
    ['--port'],
    ['--port', 'x'],
    ['--port', '0'],
    ['--port', '70000'],
    ['--port', '65530'],
    ['--data'],
    ['extra'],
  ])('wrong options: %s %s', async (...args) => {
    const { code, said } = await refused(begin(...args));
    expect({ code, said }).toEqual({
      code: 2,
      said: expect.stringMatching(/--help|--port|--data/),
    });
  });

  it('--help explains the options', async () => {
    const launched = begin('--help');
    expect(await launched.ended).toBe(0);
    for (const option of ['--port', '--data', '--reset', '--yes', '--corpus', '--json', '--help'])
      expect(launched.out()).toContain(option);
  });
});

describe('what happens to a running site', () => {
  let id: string;

  it(
    'killed with SIGKILL it leaves nothing behind, or the next start recovers; no article is lost',
    async () => {
      const editor = await known(url, editorAccount());
      id = (await published(editor, articleAbout(rareWord()))).id;
      const pids = services().map(({ pid }) => pid);
      const { pid: launcher } = JSON.parse(
        readFileSync(join(dataDir, 'instance.json'), 'utf8'),
      ) as { pid: number };
      process.kill(launcher, 'SIGKILL');
      await site.ended;
      await eventually(() => expect(pids.filter(isAlive)).toEqual([]), { withinMs: 30_000 });
      for (const each of ports()) {
        // PostgreSQL may take a moment longer: it ends because its launcher has gone.
        if (each !== port + 9) expect(await listens(each)).toBe(false);
      }
      site = again('--json');
      await site.settled;
      const steps = site
        .out()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { event?: string; url?: string });
      expect(steps.at(-1)).toMatchObject({ event: 'ready', url });
      expect((await apiClient(url)('GET', `/api/v1/articles/${id}`)).status).toBe(200);
    },
    2 * minutes,
  );

  it(
    'stops on Ctrl-C: a request in flight finishes, no process stays',
    async () => {
      while (site.process.exitCode !== null) {
        site = again();
        await site.settled;
      }
      const pids = processesOf(dataDir);
      const body = JSON.stringify(editorAccount());
      const flying = await connectRaw(port);
      flying.write(
        `POST /api/v1/tokens HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 9)}`,
      );
      await sleep(300);
      site.signalGroup('SIGINT');
      const begun = Date.now();
      await sleep(300);
      flying.write(body.slice(9));
      expect(await flying.readAnswer()).toMatchObject({ status: 200, complete: true });
      flying.destroy();
      expect(await site.ended).toBe(0);
      console.log(`Stopped in ${Date.now() - begun} ms (wanted: within 10 s)`);
      expect(pids.filter(isAlive)).toEqual([]);
      for (const wanted of ports()) expect(await listens(wanted)).toBe(false);
      expect(existsSync(join(dataDir, 'instance.json'))).toBe(false);
    },
    minutes,
  );

  it('--reset without a terminal asks nobody and throws nothing away', async () => {
    const outcome = await refused(again('--reset'));
    expect(outcome).toMatchObject({ lines: 1, said: expect.stringContaining('--yes') });
    expect([1, 2]).toContain(outcome.code);
    expect(existsSync(join(dataDir, 'postgres', 'PG_VERSION'))).toBe(true);
  });

  it(
    'starts afresh with --reset --yes',
    async () => {
      site = again('--reset', '--yes');
      await site.settled;
      expect(site.out().trimEnd().split('\n').at(-1)).toBe(`New Science is ready: ${url}`);
      expect((await apiClient(url)('GET', `/api/v1/articles/${id}`)).status).toBe(404);
      expect((await apiClient(url)('GET', '/api/v1/articles/ns-why-the-sky-is-blue')).status).toBe(
        200,
      );
    },
    2 * minutes,
  );

  it(
    'leaves a service that keeps crashing down, shows why, and goes on with the rest',
    async () => {
      const monolith = services().find(({ name }) => name === 'monolith');
      const squatter = createServer();
      process.kill(monolith?.pid ?? 0, 'SIGKILL');
      await eventually(
        () =>
          new Promise<void>((resolve, reject) =>
            squatter.once('error', reject).listen(port + 2, '127.0.0.1', resolve),
          ),
      );
      await eventually(
        () => expect(site.out() + site.err()).toMatch(/monolith.*(left down|stays down|given up)/i),
        {
          withinMs: 90_000,
        },
      );
      expect(site.out() + site.err()).toMatch(/EADDRINUSE|another program uses it/);
      expect((await apiClient(`http://127.0.0.1:${port + 1}`)('GET', '/health/live')).status).toBe(
        200,
      );
      squatter.close();
    },
    2 * minutes,
  );
});
