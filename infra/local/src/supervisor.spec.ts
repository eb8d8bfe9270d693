import { describe, expect, it } from '@jest/globals';

import type { RestartPolicy } from './restart-policy.ts';
import { type Ending, type Running, supervise, type SupervisedEvent } from './supervisor.ts';

const policy: RestartPolicy = {
  firstPauseMs: 1,
  factor: 2,
  longestPauseMs: 4,
  crashes: 3,
  windowMs: 60_000,
};
const crash: Ending = { how: 'exit code 1', final: false, lastLines: ['the last word'] };

/** Processes that end when the test says so. */
function stage(isReady = true) {
  const started: { end: (ending: Ending) => void }[] = [];
  const events: SupervisedEvent[] = [];
  const launch = (): Running => {
    let end: (ending: Ending) => void = () => undefined;
    const ended = new Promise<Ending>((resolve) => (end = resolve));
    started.push({ end });
    return {
      pid: 100 + started.length,
      ready: Promise.resolve(isReady),
      ended,
      end: () => {
        end({ ...crash, how: 'asked' });
        return ended;
      },
    };
  };
  const supervisor = supervise({ name: 'x', launch, policy, on: (event) => events.push(event) });
  const kinds = (): string[] => events.map(({ kind }) => kind);
  const until = async (kind: string, times: number): Promise<void> => {
    while (kinds().filter((each) => each === kind).length < times)
      await new Promise((resolve) => setTimeout(resolve, 1));
  };
  return { supervisor, started, events, kinds, until };
}

describe('a supervisor', () => {
  it('tells when the process is ready, and ends it', async () => {
    const { supervisor, kinds } = stage();
    expect(await supervisor.start()).toBe(true);
    expect(supervisor.pid()).toBe(101);
    await supervisor.stop(1000);
    expect(supervisor.pid()).toBeUndefined();
    expect(kinds()).toEqual(['started']);
  });

  it('starts a crashed process again, and says so', async () => {
    const { supervisor, started, kinds, until } = stage();
    await supervisor.start();
    started[0]?.end(crash);
    await until('back', 1);
    expect(supervisor.pid()).toBe(102);
    await supervisor.stop(1000);
    expect(kinds()).toEqual(['started', 'crashed', 'started', 'back']);
  });

  it('leaves one down that keeps crashing, with its last lines', async () => {
    const { supervisor, started, events, until } = stage();
    await supervisor.start();
    for (const n of [0, 1, 2]) {
      await until('started', n + 1);
      started[n]?.end(crash);
    }
    await until('left_down', 1);
    expect(events.at(-1)).toEqual({ kind: 'left_down', ending: crash, crashes: 3 });
    expect(supervisor.pid()).toBeUndefined();
    await supervisor.stop(1000);
  });

  it('leaves one down at once that a restart does not mend', async () => {
    const { supervisor, started, kinds, until } = stage();
    await supervisor.start();
    started[0]?.end({ ...crash, final: true });
    await until('left_down', 1);
    expect(kinds()).toEqual(['started', 'left_down']);
  });

  it('tells that it will not become ready', async () => {
    const { supervisor, started, until } = stage(false);
    const start = supervisor.start();
    for (const n of [0, 1, 2]) {
      await until('started', n + 1);
      started[n]?.end(crash);
    }
    expect(await start).toBe(false);
  });

  it('does not start again while it stops, not even out of a pause', async () => {
    const { supervisor, started, until, kinds } = stage();
    await supervisor.start();
    started[0]?.end(crash);
    await until('crashed', 1);
    await supervisor.stop(1000);
    const before = kinds().length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(kinds()).toHaveLength(before);
  });

  it('hands on what keeps it from starting the first time, and only then', async () => {
    const launches: Running[] = [];
    const failing = supervise({
      name: 'x',
      policy,
      on: () => undefined,
      launch: () => {
        if (launches.length === 0) throw new Error('port taken');
        return launches[0] ?? Promise.reject(new Error('never'));
      },
    });
    await expect(failing.start()).rejects.toThrow('port taken');
  });
});
