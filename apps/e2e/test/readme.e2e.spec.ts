import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freePortRange } from '@newscience/testing/free-port';
import { commandsOf } from './readme-commands.ts';
import { portOffsets, root } from './site.ts';

const commands = commandsOf(readFileSync(join(root, 'README.md'), 'utf8'));

/** Not run by this test, because it runs this test. */
const verification = 'npm test';

/** Run by the compose journeys of infra/docker, under a project name of their own. */
const inContainers = /^docker compose (up|down)\b|^npm run compose:check$/;

/** Goes on until Ctrl-C, which ends npm too. */
const endless = /^npm run events -- tail\b/;

/** Every command of the README, as it stands there; only ports and data are the test's own. */
describe('the README', () => {
  let env: NodeJS.ProcessEnv = {};
  let dataDir = '';
  let site: ChildProcess | undefined;
  let said = '';

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'newscience-readme-'));
    const port = await freePortRange(portOffsets.slice(1));
    const hidden = /^(npm_|NODE_OPTIONS|NODE_ENV|JEST_|NX_|NEWSCIENCE_E2E)/;
    const own = Object.entries(process.env).filter(([name]) => !hidden.test(name));
    env = { ...Object.fromEntries(own), NEWSCIENCE_DATA: dataDir, NEWSCIENCE_PORT: String(port) };
    site = start('npm start');
    site.stdout?.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
    const ready = new Promise<void>((resolve, reject) => {
      site?.stdout?.on('data', () => {
        if (said.includes('New Science is ready')) resolve();
      });
      site?.once('exit', (code) =>
        reject(new Error(`npm start ended with ${String(code)}:\n${said}`)),
      );
    });
    await ready;
    expect(said.trimEnd().split('\n').at(-1)).toBe(
      `New Science is ready: http://127.0.0.1:${port}`,
    );
  }, 120_000);

  afterAll(async () => {
    if (site?.pid !== undefined && site.exitCode === null) {
      process.kill(-site.pid, 'SIGINT'); // what a terminal does on Ctrl-C
      await once(site, 'exit');
    }
    rmSync(dataDir, { recursive: true, force: true });
  }, 30_000);

  function start(command: string): ChildProcess {
    const [program = '', ...args] = command.split(' ');
    return spawn(program, args, {
      cwd: root,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  it('starts with the two commands', () => {
    expect(commands).toContain('npm start');
    expect(commands).toContain(verification);
  });

  const elsewhere = ['npm start', verification];
  it.each(commands.filter((each) => !elsewhere.includes(each) && !inContainers.test(each)))(
    '%s',
    async (command) => {
      const child = start(command);
      let output = '';
      const hear = (chunk: string): void => {
        output += chunk;
        // npm says first what it runs.
        if (endless.test(command) && /newscience\.\w+\.\w+\.v\d/.test(output)) {
          process.kill(-(child.pid ?? 0), 'SIGINT');
        }
      };
      child.stdout?.setEncoding('utf8').on('data', hear);
      child.stderr?.setEncoding('utf8').on('data', hear);
      const ending = (await once(child, 'close')) as [number | null, string | null];
      expect({ ending, output }).toEqual({
        ending: endless.test(command) ? [null, 'SIGINT'] : [0, null],
        output: expect.stringMatching(/\S/),
      });
    },
    120_000,
  );
});

describe('the READMEs of the projects', () => {
  const scripts = new Set(
    Object.keys(
      (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object }).scripts,
    ),
  );
  const files = globSync('{CONTRIBUTING.md,{apps,libs,infra}/*/README.md,docs/**/*.md}', {
    cwd: root,
  });

  it.each(files)('%s names only scripts that exist', (file) => {
    const unknown = commandsOf(readFileSync(join(root, file), 'utf8'))
      .map((command) => /^npm (?:run )?([\w:-]+)/.exec(command)?.[1])
      .filter((script) => script !== undefined && !scripts.has(script));
    expect(unknown).toEqual([]);
  });
});
