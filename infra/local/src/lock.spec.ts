import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { layoutOf, type Layout } from './layout.ts';
import { describeProcess, takeLock } from './lock.ts';

const idle = ['-e', 'process.stdout.write("up"); setInterval(() => undefined, 1000)'];

describe('the lock of a data folder', () => {
  let layout: Layout;
  beforeEach(() => {
    layout = layoutOf(mkdtempSync(join(tmpdir(), 'newscience-lock-')));
  });
  afterEach(() => rmSync(layout.dataDir, { recursive: true }));

  const children: ChildProcess[] = [];
  afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));

  const another = async () => {
    const child = spawn(process.execPath, idle, { stdio: ['ignore', 'pipe', 'ignore'] });
    children.push(child);
    await once(child.stdout, 'data');
    const ended = once(child, 'exit');
    return { child, ended, known: describeProcess('another', child.pid ?? 0) };
  };

  it('is taken and given back, and leaves nothing else', async () => {
    const lock = await takeLock(layout);
    expect(readdirSync(layout.dataDir)).toEqual(['launcher.json']);
    lock.release();
    expect(readdirSync(layout.dataDir)).toEqual([]);
  });

  it('is refused while its launcher is alive, in one sentence with its process id', async () => {
    const { child, known } = await another();
    writeFileSync(layout.lockFile, JSON.stringify({ launcher: known, processes: [] }));
    await expect(takeLock(layout)).rejects.toThrow(
      `New Science already runs on ${layout.dataDir} (process ${known.pid}): use it, or stop it`,
    );
    child.kill('SIGKILL');
  });

  it.each<[string, unknown]>([
    [
      'a launcher that is gone',
      { launcher: { name: 'launcher', pid: 4_000_000, command: 'node' }, processes: [] },
    ],
    [
      'a number that belongs to another program now',
      { launcher: { name: 'launcher', pid: process.pid, command: 'node other.ts' }, processes: [] },
    ],
    ['half a file', 'nonsense'],
  ])('is taken over from %s', async (_case, content) => {
    writeFileSync(layout.lockFile, typeof content === 'string' ? content : JSON.stringify(content));
    const lock = await takeLock(layout);
    expect(JSON.parse(readFileSync(layout.lockFile, 'utf8'))).toMatchObject({
      launcher: { pid: process.pid },
    });
    lock.release();
  });

  it('is taken over only after what the last launcher left running has ended', async () => {
    const { ended, known } = await another();
    const gone = { name: 'launcher', pid: 4_000_000, command: 'node' };
    writeFileSync(layout.lockFile, JSON.stringify({ launcher: gone, processes: [known] }));
    (await takeLock(layout)).release();
    expect(await ended).toEqual([null, 'SIGTERM']);
  });

  it('waits for a launcher that is stopping', async () => {
    const { child, known } = await another();
    writeFileSync(
      layout.lockFile,
      JSON.stringify({ launcher: known, processes: [], stopping: true }),
    );
    const said: string[] = [];
    const taken = takeLock(layout, (sentence) => {
      said.push(sentence);
      child.kill('SIGKILL');
    });
    (await taken).release();
    expect(said).toEqual([
      `An earlier run (process ${known.pid}) is stopping: waiting for its end.`,
    ]);
  });

  it('tells a later start that it is stopping', async () => {
    const lock = await takeLock(layout);
    lock.note([{ name: 'monolith', pid: 4_000_000, command: 'node' }]);
    lock.stopping();
    expect(JSON.parse(readFileSync(layout.lockFile, 'utf8'))).toMatchObject({
      stopping: true,
      processes: [{ name: 'monolith' }],
    });
    lock.release();
  });

  it('spares a process that only has the number of one that was left', async () => {
    const { child, ended, known } = await another();
    const gone = { name: 'launcher', pid: 4_000_000, command: 'node' };
    writeFileSync(
      layout.lockFile,
      JSON.stringify({ launcher: gone, processes: [{ ...known, command: 'node apps/x.ts' }] }),
    );
    (await takeLock(layout)).release();
    expect(child.exitCode ?? child.signalCode).toBeNull();
    child.kill('SIGKILL');
    await ended;
  });
});
