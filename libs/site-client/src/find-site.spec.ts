import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findSite, type FindSiteOptions } from './find-site.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'find-site-'));
});

afterEach(() => rm(folder, { recursive: true }));

const instance = {
  pid: 1,
  url: 'http://127.0.0.1:8080',
  operatorUrl: 'http://127.0.0.1:8081',
  services: [{ name: 'activity-service', pid: 7, url: 'http://127.0.0.1:8084' }],
};
const accounts = {
  operator: { email: 'operator@newscience.example', password: 'operator password' },
  editor: { email: 'editor@newscience.example', password: 'editor password' },
};

async function running({ credentials = accounts }: { credentials?: object } = {}): Promise<void> {
  await writeFile(join(folder, 'instance.json'), JSON.stringify(instance));
  await writeFile(join(folder, 'credentials.json'), JSON.stringify(credentials));
}

function find(options: Partial<FindSiteOptions> = {}) {
  return findSite({ role: 'operator', dataDir: folder, env: {}, cwd: '/', ...options });
}

describe('the site', () => {
  it('is the one that runs here, with the stored account of the role', async () => {
    await running();
    expect(await find()).toEqual({
      ok: true,
      value: {
        url: instance.url,
        operatorUrl: instance.operatorUrl,
        services: [{ name: 'activity-service', url: 'http://127.0.0.1:8084' }],
        credentials: { kind: 'password', ...accounts.operator },
        foundBy: join(folder, 'instance.json'),
      },
    });
    expect(await find({ role: 'editor' })).toMatchObject({
      value: { credentials: accounts.editor },
    });
  });

  it.each([
    ['the option', { dataDir: undefined, env: {} }],
    ['the environment', { dataDir: undefined, env: { NEWSCIENCE_DATA: '' } }],
  ])('is looked for in .newscience of the working folder without %s', async (_, options) => {
    const found = await find({ ...options, cwd: folder });
    expect(found).toMatchObject({ ok: false, error: { code: 'site_not_found' } });
    expect(JSON.stringify(found)).toContain(join(folder, '.newscience'));
  });

  it('is looked for where the environment says', async () => {
    await running();
    expect(await find({ dataDir: undefined, env: { NEWSCIENCE_DATA: folder } })).toMatchObject({
      value: { url: instance.url },
    });
  });

  it('is the one of the compose stack, where npm start runs none and nobody named a folder', async () => {
    const [local, compose] = [join(folder, '.newscience'), join(folder, '.newscience-compose')];
    const write = async (to: string, port: number) => {
      await mkdir(to, { recursive: true });
      const file = { ...instance, url: `http://127.0.0.1:${port}` };
      await writeFile(join(to, 'instance.json'), JSON.stringify(file));
    };
    await write(compose, 9001);
    const here = { dataDir: undefined, cwd: folder };
    expect(await find(here)).toMatchObject({ value: { url: 'http://127.0.0.1:9001' } });
    expect(await find({ ...here, env: { NEWSCIENCE_DATA: '.newscience' } })).toMatchObject({
      error: { code: 'site_not_found' },
    });
    await write(local, 9002);
    expect(await find(here)).toMatchObject({ value: { url: 'http://127.0.0.1:9002' } });
    expect(await find({ ...here, dataDir: '.newscience-compose' })).toMatchObject({
      value: { url: 'http://127.0.0.1:9001' },
    });
  });

  it('is the one that is named, by the option before the environment', async () => {
    await running();
    const env = {
      NEWSCIENCE_URL: 'http://localhost:2',
      NEWSCIENCE_OPERATOR_URL: 'http://localhost:3',
    };
    expect(await find({ env })).toMatchObject({
      value: { url: 'http://localhost:2', operatorUrl: 'http://localhost:3' },
    });
    expect(
      await find({ env, url: 'http://localhost:4/', operatorUrl: 'http://localhost:5//' }),
    ).toMatchObject({
      value: {
        url: 'http://localhost:4',
        operatorUrl: 'http://localhost:5',
        foundBy: 'option or environment',
      },
    });
  });

  it('does not get the operator address or the services of another one', async () => {
    await running();
    expect(await find({ url: 'http://127.0.0.1:9' })).toMatchObject({
      value: { operatorUrl: undefined, services: [] },
    });
    expect(await find({ url: 'http://127.0.0.1:8080/' })).toMatchObject({
      value: { operatorUrl: instance.operatorUrl },
    });
  });

  it('may be known by its operator address alone', async () => {
    expect(await find({ operatorUrl: 'http://127.0.0.1:9' })).toMatchObject({
      ok: true,
      value: { url: undefined, operatorUrl: 'http://127.0.0.1:9' },
    });
  });

  it.each(['127.0.0.1:8080', 'ftp://127.0.0.1', 'site', ' '])('is not named by %j', async (url) => {
    expect(await find({ url })).toMatchObject({ ok: false, error: { code: 'site_not_found' } });
    expect(await find({ operatorUrl: url })).toMatchObject({
      ok: false,
      error: { code: 'site_not_found' },
    });
  });

  it('is not guessed from a file that is damaged, and a named one does not need it', async () => {
    await writeFile(join(folder, 'instance.json'), '{"url":');
    expect(await find()).toMatchObject({ ok: false, error: { code: 'site_file_damaged' } });
    expect(await find({ url: 'http://localhost:2' })).toMatchObject({
      ok: true,
      value: { url: 'http://localhost:2' },
    });
  });
});

describe('the credentials', () => {
  it('are the token, then e-mail address and password, then the stored ones', async () => {
    await running();
    const both = { NEWSCIENCE_EMAIL: 'a@b.example', NEWSCIENCE_PASSWORD: 'p' };
    expect(await find({ env: { ...both, NEWSCIENCE_TOKEN: 't' } })).toMatchObject({
      value: { credentials: { kind: 'token', token: 't' } },
    });
    expect(await find({ env: both })).toMatchObject({
      value: { credentials: { kind: 'password', email: 'a@b.example', password: 'p' } },
    });
  });

  it.each(['NEWSCIENCE_EMAIL', 'NEWSCIENCE_PASSWORD'])(
    'are refused where %s stands alone',
    async (name) => {
      await running();
      expect(await find({ env: { [name]: 'x' } })).toMatchObject({
        ok: false,
        error: { code: 'credentials_missing' },
      });
    },
  );

  it('are none, with what to do, where nothing is stored', async () => {
    await running({ credentials: {} });
    expect(await find()).toMatchObject({
      ok: true,
      value: { credentials: { kind: 'none', remedy: expect.stringContaining('NEWSCIENCE_TOKEN') } },
    });
  });

  it('that are stored go to this machine only', async () => {
    await running();
    expect(await find({ url: 'http://elsewhere.example' })).toMatchObject({
      value: { credentials: { kind: 'none' } },
    });
    expect(await find({ url: 'http://127.0.0.1.elsewhere.example' })).toMatchObject({
      value: { credentials: { kind: 'none' } },
    });
    expect(await find({ url: 'http://localhost:8080' })).toMatchObject({
      value: { credentials: { kind: 'password' } },
    });
  });

  it('are not guessed from a file that is damaged', async () => {
    await running({ credentials: { operator: 'x' } });
    expect(await find()).toMatchObject({ ok: false, error: { code: 'site_file_damaged' } });
  });
});
