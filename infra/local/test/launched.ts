import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { eventually } from '@newscience/testing/eventually';
import { z } from 'zod';

const event = z.looseObject({
  event: z.string(),
  state: z.string().optional(),
  detail: z.string().optional(),
});
const instance = z.object({
  pid: z.number(),
  services: z.array(z.object({ name: z.string(), pid: z.number().nullable() })),
});

export type Event = z.output<typeof event>;

/** A launcher with stand-in services, as a process of its own. */
export type Launched = {
  readonly process: ChildProcess;
  readonly base: number;
  readonly url: string;
  readonly backUrl: string;
  readonly events: () => Event[];
  readonly errors: () => string;
  /** Fulfilled when it says ready; rejected when it ends before. */
  readonly ready: () => Promise<Event>;
  /** Fulfilled with the first event from the nth on that matches. */
  readonly until: (part: Partial<Event>, from?: number) => Promise<Event>;
  readonly exit: () => Promise<number | null>;
  readonly instance: () => z.output<typeof instance>;
};

export function launch(
  dataDir: string,
  base: number,
  { args = [], env = {} }: { args?: string[]; env?: Record<string, string> } = {},
): Launched {
  const launcher = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      join(import.meta.dirname, 'launch-stand-ins.ts'),
      '--json',
      '--data',
      dataDir,
      '--port',
      String(base),
      ...args,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } },
  );
  let out = '';
  let errors = '';
  launcher.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  launcher.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const closed = once(launcher, 'close');
  const events = (): Event[] =>
    out
      .split('\n')
      .slice(0, -1)
      .map((line) => event.parse(JSON.parse(line)));
  const until: Launched['until'] = (part, from = 0) =>
    eventually(
      () => {
        const found = events()
          .slice(from)
          .find((each) => Object.entries(part).every(([name, value]) => each[name] === value));
        if (found === undefined)
          throw new Error(`${JSON.stringify(part)} is not in\n${out}\n${errors}`);
        return found;
      },
      { withinMs: 100_000 },
    );
  return {
    process: launcher,
    base,
    url: `http://127.0.0.1:${base}`,
    backUrl: `http://127.0.0.1:${base + 2}`,
    events,
    errors: () => errors,
    until,
    ready: () =>
      Promise.race([
        until({ event: 'ready' }),
        closed.then(() => Promise.reject(new Error(`It ended:\n${out}\n${errors}`))),
      ]),
    exit: async () => {
      await closed;
      return launcher.exitCode;
    },
    instance: () =>
      instance.parse(JSON.parse(readFileSync(join(dataDir, 'instance.json'), 'utf8'))),
  };
}

export async function get(url: string): Promise<string> {
  const response = await fetch(url);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${url}: ${response.status} ${text}`);
  return text;
}
