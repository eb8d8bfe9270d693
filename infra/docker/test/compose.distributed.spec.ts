import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import { z } from 'zod';

import { composeMissing, createStack, type Stack } from './stack.ts';

const missing = await composeMissing();
const withDocker = missing === undefined ? describe : describe.skip;

const check = 'infra/docker/src/check/main.ts';
const report = z.object({
  ok: z.boolean(),
  faults: z.array(z.string()),
  services: z.array(z.object({ service: z.string(), kind: z.string() })),
  memory: z.object({ bytes: z.number(), limitBytes: z.number() }),
});

withDocker(`the compose stack${missing === undefined ? '' : ` (${missing})`}`, () => {
  let stack: Stack;
  /** Runs something in a service's container and gives back what it printed. */
  const inside = async (service: string, ...command: string[]): Promise<string> => {
    const { stdout, stderr } = await stack.compose('exec', '--no-TTY', service, ...command);
    return `${stdout}${stderr}`.trim();
  };
  const text = (name: string): string => readFileSync(join(stack.dataDir, name), 'utf8');

  beforeAll(async () => {
    stack = await createStack();
  }, 120_000);
  afterAll(() => stack.remove(), 300_000);

  it('is described by a file that docker compose takes, with all ports open too', async () => {
    expect(await stack.compose('config', '--quiet')).toMatchObject({ code: 0, stderr: '' });
    const open = ['-f', 'docker-compose.yml', '-f', 'infra/docker/open-ports.yml'];
    expect(await stack.compose(...open, 'config', '--quiet')).toMatchObject({
      code: 0,
      stderr: '',
    });
  });

  it('comes up healthy from nothing, by one command without a question', async () => {
    const up = await stack.compose('up', '--detach', '--build', '--wait', '--quiet-pull');
    expect([up.code, up.code === 0 ? '' : up.stderr.slice(-3000)]).toEqual([0, '']);
  }, 900_000);

  it('passes its check, under 4 GB, with every one-shot done', async () => {
    const checked = await stack.run(check, '--json', '--data', stack.dataDir);
    const { faults, memory, services } = report.parse(JSON.parse(checked.stdout));
    expect(faults).toEqual([]);
    expect(checked.code).toBe(0);
    expect(memory.bytes).toBeLessThan(4e9);
    expect(memory.limitBytes).toBeLessThan(4e9);
    const done = services.filter(({ kind }) => kind === 'done').map(({ service }) => service);
    expect(done).toEqual(expect.arrayContaining(['secrets', 'databases', 'topics', 'samples']));
    process.stdout.write(`Compose stack: ${Math.round(memory.bytes / 1e6)} MB in use.\n`);
  }, 120_000);

  it('takes an import from the host, and its events reach the timeline over Kafka', async () => {
    const file = join(stack.dataDir, 'three.jsonl');
    const titles = ['Ebb', 'Flow', 'Slack'].map((word) => `${word} in a box of engines`);
    writeFileSync(
      file,
      titles.map((title, n) => `${JSON.stringify(articleOf(n, title))}\n`).join(''),
    );
    const imported = await stack.run('apps/monolith/src/import/main.ts', file);
    expect([imported.code, imported.stderr]).toEqual([0, '']);
    const page = await fetch(`${stack.url}/articles/box-1`);
    expect([page.status, (await page.text()).includes('Flow in a box of engines')]).toEqual([
      200,
      true,
    ]);

    const token = await accessToken(stack);
    const ask = `fetch('http://127.0.0.1:8084/api/v1/activity?subject=box-1', { headers: { authorization: 'Bearer ${token}' } })
      .then((answer) => answer.text()).then((text) => process.stdout.write(text))`;
    await eventually(
      async () =>
        expect(await inside('activity-service', 'node', '-e', ask)).toContain(
          'newscience.article.Published.v1',
        ),
      { withinMs: 60_000, everyMs: 1000 },
    );
  }, 180_000);

  it('is steered from the host', async () => {
    const routes = await stack.run('apps/gateway/src/cli/main.ts', 'list', '--json');
    expect([routes.code, routes.stdout]).toEqual([0, expect.stringContaining('"default"')]);
  }, 60_000);

  it('gives its secrets to the person who started it, and each container its own', async () => {
    for (const name of ['.env', 'credentials.json', 'instance.json'])
      expect([name, (statSync(join(stack.dataDir, name)).mode & 0o777).toString(8)]).toEqual([
        name,
        '600',
      ]);
    expect(await inside('gateway', 'ls', '-A', '/run/secrets')).toBe('database-url');
    expect(await inside('activity-service', 'ls', '-A', '/run/secrets')).toBe('database-url');
    expect(await inside('postgres', 'ls', '-A', '/run/secrets')).toBe('postgres-password');
    const environments = await Promise.all(
      ['gateway', 'monolith', 'migrator', 'activity-service'].map((service) =>
        inside(service, 'env'),
      ),
    );
    const values = [...text('.env').matchAll(/^NEWSCIENCE_SECRET_\w+=(.+)$/gm)].map(
      ([, value]) => value ?? '',
    );
    expect(values.length).toBeGreaterThan(10);
    for (const value of values)
      for (const environment of environments) expect(environment.includes(value)).toBe(false);
  }, 60_000);

  it.each(['gateway', 'monolith', 'migrator', 'activity-service'])(
    'runs %s as nobody in particular, with nothing to write to and no way out',
    async (service) => {
      expect(await inside(service, 'id', '-u')).toBe('1000');
      expect(await inside(service, 'sh', '-c', 'touch /app/x /x 2>&1')).toMatch(
        /Read-only file system[^]*Read-only file system/,
      );
      expect(
        await inside(service, 'grep', '-E', '^Cap(Eff|Prm|Bnd)|^NoNewPrivs', '/proc/self/status'),
      ).toMatch(/CapPrm:\t0+\nCapEff:\t0+\nCapBnd:\t0+\nNoNewPrivs:\t1/);
    },
    60_000,
  );

  it('lets a service connect to its own database only, and not change its shape', async () => {
    const sql = (statement: string, database: string) =>
      inside('postgres', 'sh', '-c', `psql "$0" -tAc "${statement}" 2>&1`, urlFor(database));
    const passwords = new Map(
      [...text('.env').matchAll(/^NEWSCIENCE_SECRET_(\w+)_PASSWORD=(.+)$/gm)].map(
        ([, name, value]) => [name, value],
      ),
    );
    const urlFor = (database: string) =>
      `postgres://gateway:${passwords.get('GATEWAY') ?? ''}@postgres:5432/${database}`;
    expect(await sql('SELECT 1', 'gateway')).toBe('1');
    for (const database of ['monolith', 'migrator', 'activity_service', 'postgres', 'template1'])
      expect(await sql('SELECT 1', database)).toContain('permission denied for database');
    expect(await sql('CREATE TABLE x (y int)', 'gateway')).toContain(
      'permission denied for schema public',
    );
  }, 60_000);

  it('may be brought up again: nothing is made anew', async () => {
    const before = text('.env');
    const up = await stack.compose('up', '--detach', '--wait');
    expect([up.code, up.code === 0 ? '' : up.stderr.slice(-3000)]).toEqual([0, '']);
    expect(text('.env')).toBe(before);
    const said = await stack.compose(
      'logs',
      '--no-log-prefix',
      'secrets',
      'samples',
      'monolith-migrate',
    );
    expect(said.stdout).toContain('The sample was loaded before.');
    expect(said.stdout).toContain('No migration was pending.');
    expect(said.stdout).toContain('NEWSCIENCE_SECRET_POSTGRES_PASSWORD: file');
    expect((await stack.run(check, '--data', stack.dataDir)).code).toBe(0);
  }, 300_000);

  it('remembers its secrets when the files on the host are gone', async () => {
    const before = text('.env');
    for (const name of ['.env', 'credentials.json', 'instance.json'])
      writeFileSync(join(stack.dataDir, name), '');
    const again = await stack.compose('up', '--no-deps', '--detach', 'secrets');
    expect(again.code).toBe(0);
    await eventually(() => expect(text('.env')).toBe(before), { withinMs: 30_000 });
  }, 60_000);
});

function articleOf(n: number, title: string): Readonly<Record<string, unknown>> {
  return {
    id: `box-${n}`,
    title,
    authors: ['Tide Tabler'],
    publishedAt: '2020-02-02',
    section: 'Earth and sea',
    topics: ['Tides'],
    type: 'News',
    summary: 'What comes in goes out.',
    body: 'The water rises, stands, and falls again.',
  };
}

async function accessToken({ url, dataDir }: Stack): Promise<string> {
  const account = z.object({ operator: z.object({ email: z.string(), password: z.string() }) });
  const { operator } = account.parse(
    JSON.parse(readFileSync(join(dataDir, 'credentials.json'), 'utf8')),
  );
  const answer = await fetch(`${url}/api/v1/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(operator),
  });
  return z.object({ accessToken: z.string() }).parse(await answer.json()).accessToken;
}
