import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const main = join(import.meta.dirname, '../src/main.ts');
let folder = '';

/** A service whose document has this title. */
function service(name: string, source: string): void {
  mkdirSync(join(folder, 'apps', name, 'src'), { recursive: true });
  writeFileSync(join(folder, 'apps', name, 'src', 'openapi.ts'), source);
}

const documentOf = (title: string): string =>
  `export const openApi: object = { openapi: '3.1.1', info: { title: '${title}', version: '1' }, paths: {} };\n`;

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const node = ['--disable-warning=ExperimentalWarning', main, '--apps', 'apps', ...args];
  return spawnSync(process.execPath, node, {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  });
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'newscience-openapi-'));
  service('beta', documentOf('Beta'));
  service('alpha', documentOf('Alpha'));
  mkdirSync(join(folder, 'apps', 'without-document', 'src'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('openapi write', () => {
  it('writes each document, and nothing the second time', () => {
    expect(run('write')).toMatchObject({
      status: 0,
      stdout: 'apps/alpha/openapi.yaml written\napps/beta/openapi.yaml written\n',
    });
    expect(readFileSync(join(folder, 'apps/alpha/openapi.yaml'), 'utf8')).toMatch(
      /^# Generated.*\nopenapi: 3\.1\.1\n/,
    );
    expect(run('write')).toMatchObject({
      status: 0,
      stdout: 'apps/alpha/openapi.yaml unchanged\napps/beta/openapi.yaml unchanged\n',
    });
  });
});

describe('openapi check', () => {
  it('is content with what write has written', () => {
    run('write');
    expect(run('check')).toMatchObject({ status: 0, stderr: '' });
  });

  it('names the file that is stale and the one that is missing, and writes nothing', () => {
    run('write');
    service('alpha', documentOf('Alpha, changed'));
    rmSync(join(folder, 'apps/beta/openapi.yaml'));
    const before = readFileSync(join(folder, 'apps/alpha/openapi.yaml'), 'utf8');
    const { status, stderr } = run('check');
    expect(status).toBe(1);
    expect(stderr).toBe(
      'apps/alpha/openapi.yaml is stale. Run: npm run openapi -- write\n' +
        'apps/beta/openapi.yaml is missing. Run: npm run openapi -- write\n',
    );
    expect(readFileSync(join(folder, 'apps/alpha/openapi.yaml'), 'utf8')).toBe(before);
    expect(existsSync(join(folder, 'apps/beta/openapi.yaml'))).toBe(false);
  });

  it('says what is wrong with a module that cannot be used, and goes on with the others', () => {
    run('write');
    service('broken', "throw new Error('not today');\n");
    service('silent', 'export const document = {};\n');
    service('beta', documentOf('Beta, changed'));
    const { status, stderr } = run('check');
    expect(status).toBe(1);
    expect(stderr.split('\n')).toEqual([
      'apps/beta/openapi.yaml is stale. Run: npm run openapi -- write',
      'apps/broken/src/openapi.ts cannot be loaded: not today',
      'apps/silent/src/openapi.ts does not export an OpenAPI document. Export it as openApi.',
      '',
    ]);
  });

  it('refuses another verb', () => {
    expect(run('mend').status).toBe(1);
  });

  it('works where no service has a document', () => {
    cpSync(join(folder, 'apps/without-document'), join(folder, 'none/without-document'), {
      recursive: true,
    });
    expect(run('check', '--apps', 'none')).toMatchObject({
      status: 0,
      stdout: 'No service has a src/openapi.ts.\n',
    });
  });
});
