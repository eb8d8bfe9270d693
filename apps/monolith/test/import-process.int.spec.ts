import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import { z } from 'zod';
import { lines } from './import-terminal.ts';
import { editor, startMonolith } from './monolith.ts';
import type { TestMonolith } from './monolith.ts';

/** The real articles, where this machine has them; else as many made ones. */
const corpus = resolve(import.meta.dirname, '../../../../shared/data/articles.jsonl.gz');
const result = z.object({
  outcome: z.string(),
  lines: z.number(),
  created: z.number(),
  updated: z.number(),
  unchanged: z.number(),
  rejected: z.number(),
  continuedAfterLine: z.number(),
});

let site: TestMonolith;
let folder: string;
let file: string;
beforeAll(async () => {
  site = await startMonolith();
  folder = mkdtempSync(join(tmpdir(), 'newscience-import-'));
  file = corpus;
  if (!existsSync(corpus)) {
    file = join(folder, 'made.jsonl.gz');
    writeFileSync(file, gzipSync(lines(2031).join('\n')));
    process.stderr.write('shared/data is not here: 2,031 made articles are imported instead.\n');
  }
});
afterAll(async () => {
  await site.close();
  rmSync(folder, { recursive: true });
});

/** `npm run import` as a process of its own. */
function start(...args: string[]) {
  const main = join(import.meta.dirname, '../src/import/main.ts');
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', main, file, '--json', ...args],
    {
      cwd: folder,
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        INIT_CWD: folder,
        NEWSCIENCE_URL: site.url,
        NEWSCIENCE_EMAIL: editor.email,
        NEWSCIENCE_PASSWORD: editor.password,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let out = '';
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  const ended = new Promise<{ code: number | null; out: string }>((done) => {
    child.on('exit', (code) => done({ code, out }));
  });
  return { child, ended };
}

const stored = async (): Promise<number> =>
  Number((await site.query<{ n: string }>('SELECT count(*) AS n FROM art'))[0]?.n);

describe('an import as a process', () => {
  it('that is killed goes on, stops at a signal, goes on, and has all 2,031 articles once', async () => {
    const killed = start();
    await eventually(async () => expect(await stored()).toBeGreaterThan(250));
    killed.child.kill('SIGKILL');
    await killed.ended;
    const before = await stored();

    const stopped = start();
    await eventually(async () => expect(await stored()).toBeGreaterThan(before + 250));
    stopped.child.kill('SIGINT');
    const { code, out } = await stopped.ended;
    expect(code).toBe(3);
    const halfway = result.parse(JSON.parse(out));
    expect(halfway.outcome).toBe('stopped');
    expect(halfway.continuedAfterLine).toBeGreaterThanOrEqual(200);
    expect(await stored()).toBe(halfway.lines);

    const last = await start().ended;
    expect(last.code).toBe(0);
    const done = result.parse(JSON.parse(last.out));
    expect(done).toMatchObject({ outcome: 'complete', lines: 2031, updated: 0, rejected: 0 });
    // A batch in flight when the process was killed was made by it, and found unchanged by the next.
    expect(done.created + done.unchanged).toBe(2031);
    expect(done.unchanged).toBeLessThanOrEqual(100);
    expect(await stored()).toBe(2031);
  }, 120_000);

  it('changes nothing the second time', async () => {
    const { code, out } = await start().ended;
    expect(code).toBe(0);
    expect(result.parse(JSON.parse(out))).toMatchObject({
      unchanged: 2031,
      created: 0,
      updated: 0,
    });
    expect(await site.query('SELECT max(rev) FROM art')).toEqual([{ max: 1 }]);
  }, 60_000);
});
