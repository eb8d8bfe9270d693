import { execFile } from 'node:child_process';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';

const runner = join(import.meta.dirname, '../../../libs/measure/src/main.ts');
const report = z.object({
  figures: z.record(z.string(), z.object({ median: z.number() })),
  wanted: z.array(z.object({ name: z.string(), measured: z.number(), holds: z.boolean() })),
});

/** A drill in a process of its own, short. */
async function drill(...args: string[]): Promise<{
  readonly code: number | null;
  readonly stderr: string;
  readonly broken: string[];
  readonly figure: (name: string) => number;
}> {
  const none = undefined;
  const env = { ...process.env, NODE_OPTIONS: none, JEST_WORKER_ID: none, NODE_ENV: none };
  const { code, stdout, stderr } = await new Promise<{
    code: number | null;
    stdout: string;
    stderr: string;
  }>((resolve) => {
    const child = execFile(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', runner, 'drill', ...args, '--json'],
      { env },
      (_error, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
  if (stdout === '') throw new Error(stderr);
  const { figures, wanted } = report.parse(JSON.parse(stdout));
  return {
    code,
    stderr,
    broken: wanted.filter(({ holds }) => !holds).map(({ name }) => name),
    figure: (name) => figures[name]?.median ?? Number.NaN,
  };
}

const short = ['--articles', '40', '--rate', '20'];

describe('the drills of the backbone, in short', () => {
  it('find nothing wrong after kills', async () => {
    const { code, broken, figure, stderr } = await drill(
      ...['kill-backbone', '--kills', '4', '--snapshot', '1', '--pause', '500', ...short],
    );
    expect({ broken, stderr: code === 0 ? '' : stderr }).toEqual({ broken: [], stderr: '' });
    expect(figure('kills')).toBe(4);
    expect(figure('effects')).toBeGreaterThanOrEqual(30);
  }, 480_000);

  it('notice a consumer without an inbox', async () => {
    const { code, broken, stderr } = await drill(
      ...[
        'kill-backbone',
        '--kills',
        '3',
        '--pause',
        '500',
        '--break',
        'inbox',
        '--producer',
        'outbox',
        ...short,
      ],
    );
    expect(code).toBe(1);
    expect(broken).toContain('delivered once more from the start, no event has another effect');
    // Nothing else is wrong with it: state and order are those of a good one.
    expect(broken).not.toContain('articles at the consumer are as in the legacy database');
    expect(stderr).toContain('broken: delivered once more from the start');
  }, 480_000);

  it('find nothing wrong after outages', async () => {
    const { code, broken, stderr } = await drill(
      ...['outage-backbone', '--seconds', '2', '--calm', '0.5', ...short],
    );
    expect({ broken, stderr: code === 0 ? '' : stderr }).toEqual({ broken: [], stderr: '' });
  }, 480_000);
});
