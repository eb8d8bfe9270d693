import { EventEmitter, once } from 'node:events';

import { describe, expect, it } from '@jest/globals';

import { createLogger } from './logging.ts';
import { createShutdown } from './shutdown.ts';

/** Stands in for the process: signals are events, and the exit is an event too. */
class Host extends EventEmitter {
  readonly exits: number[] = [];
  readonly connected: boolean;
  readonly send?: NonNullable<NodeJS.Process['send']>;

  constructor(channel: 'open' | 'closed' | 'none' = 'none') {
    super();
    this.connected = channel === 'open';
    if (channel !== 'none') this.send = () => true;
  }

  exit(code?: number | string | null): never {
    this.exits.push(Number(code));
    this.emit('exited');
    return undefined as never;
  }
}

function setUp(host: Host, deadlineMs?: number) {
  const lines: string[] = [];
  const logger = createLogger({
    service: 'sample',
    level: 'debug',
    destination: { write: (line) => lines.push(line) },
  });
  const options = deadlineMs === undefined ? { logger, host } : { logger, host, deadlineMs };
  return {
    shutdown: createShutdown(options as unknown as Parameters<typeof createShutdown>[0]),
    lines,
    log: () => lines.join(''),
  };
}

const never = (): Promise<never> => new Promise(() => undefined);

describe('createShutdown', () => {
  it.each(['SIGTERM', 'SIGINT'])(
    'closes in reverse order, one after the other, on %s',
    async (signal) => {
      const host = new Host();
      const { shutdown } = setUp(host);
      const order: string[] = [];
      shutdown.onBegin((reason) => order.push(`begin ${reason}`));
      for (const name of ['tracing', 'database', 'http']) {
        shutdown.add(name, async () => {
          order.push(`${name} closing`);
          await new Promise((resolve) => setImmediate(resolve));
          order.push(`${name} closed`);
        });
      }
      const exited = once(host, 'exited');
      host.emit(signal);
      await exited;
      expect(order).toEqual([
        `begin ${signal}`,
        'http closing',
        'http closed',
        'database closing',
        'database closed',
        'tracing closing',
        'tracing closed',
      ]);
      expect(host.exits).toEqual([0]);
    },
  );

  it('goes once, however many signals come', async () => {
    const host = new Host();
    const { shutdown } = setUp(host);
    let closed = 0;
    shutdown.add('http', () => Promise.resolve((closed += 1)));
    host.emit('SIGINT');
    host.emit('SIGTERM');
    host.emit('SIGINT');
    await shutdown.trigger('again', 3);
    expect(closed).toBe(1);
    expect(host.exits).toEqual([0]);
  });

  it('ends with 1 when the deadline passes, and says so', async () => {
    const host = new Host();
    const { shutdown, log } = setUp(host, 20);
    let reached = false;
    shutdown.add('never reached', () => Promise.resolve((reached = true)));
    shutdown.add('stuck', never);
    await shutdown.trigger('SIGTERM');
    expect(host.exits).toEqual([1]);
    expect(reached).toBe(false);
    expect(log()).toContain('deadline passed');
  });

  it('goes on after a step that fails', async () => {
    const host = new Host();
    const { shutdown, log } = setUp(host);
    let closed = false;
    shutdown.add('database', () => Promise.resolve((closed = true)));
    shutdown.add('http', () => Promise.reject(new Error('no')));
    await shutdown.trigger('SIGTERM');
    expect(closed).toBe(true);
    expect(host.exits).toEqual([0]);
    expect(log()).toContain('"step":"http"');
  });

  it('ends with the code that it was asked for', async () => {
    const host = new Host();
    await setUp(host).shutdown.trigger('could not start', 1);
    expect(host.exits).toEqual([1]);
  });

  it.each([
    ['goes when the parent goes', 'open', true],
    ['goes when the parent has gone already', 'closed', false],
  ] as const)('%s', async (_name, channel, emits) => {
    const host = new Host(channel);
    const { log } = setUp(host);
    const exited = once(host, 'exited');
    if (emits) host.emit('disconnect');
    await exited;
    expect(host.exits).toEqual([0]);
    expect(log()).toContain('parent is gone');
  });

  it('does not mind where there never was a channel', () => {
    const host = new Host('none');
    setUp(host);
    expect(host.listenerCount('disconnect')).toBe(0);
  });
});
