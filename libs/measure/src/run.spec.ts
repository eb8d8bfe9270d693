import { describe, expect, it } from '@jest/globals';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { defineBenchmark } from './benchmark.ts';
import { defineDrill } from './drill.ts';
import { runBenchmark } from './run-benchmark.ts';
import { runDrill } from './run-drill.ts';
import { Interrupted } from './session.ts';

function options() {
  const shown: string[] = [];
  const abort = new AbortController();
  const progress = { show: (text: string) => void shown.push(text), end: () => undefined };
  return { settings: {}, progress, signal: abort.signal, abort, shown };
}

const counting = defineBenchmark({
  name: 'counting',
  summary: 'counts',
  rounds: 2,
  parameters: { step: { default: 5, summary: 'how far' } },
  wanted: [{ name: 'far', anyOf: [{ figure: 'distance', atLeast: 5 }] }],
  run: (context) => {
    for (let round = 1; round <= context.rounds; round++) {
      context.record('distance', round * context.parameter('step'), 'm');
    }
    context.version('peer', 'not installed, left out');
    context.progress('counted');
    return Promise.resolve();
  },
});

describe('runBenchmark', () => {
  it('reports name, machine, figures and wanted', async () => {
    const given = options();
    const report = await runBenchmark(counting, given);
    expect(Object.keys(report)).toEqual(['name', 'machine', 'figures', 'wanted']);
    expect(report.figures).toEqual({
      distance: { unit: 'm', min: 5, median: 7.5, max: 10, rounds: 2 },
    });
    expect(report.wanted).toEqual([
      { name: 'far', measured: 7.5, limit: 5, unit: 'm', holds: true },
    ]);
    expect(report.machine.versions).toMatchObject({
      node: process.versions.node,
      peer: 'not installed, left out',
    });
    expect(given.shown).toEqual(['counted']);
  });

  it('takes rounds and parameters from the command line', async () => {
    const report = await runBenchmark(counting, {
      ...options(),
      rounds: 3,
      settings: { step: '1' },
    });
    expect(report.figures['distance']).toMatchObject({ max: 3, rounds: 3 });
  });

  it('refuses a parameter that is not declared', async () => {
    await expect(runBenchmark(counting, { ...options(), settings: { stpe: '1' } })).rejects.toThrow(
      'no parameter is called stpe; declared: step',
    );
  });

  it('refuses a reading that is no number', async () => {
    const broken = defineBenchmark({
      name: 'broken',
      summary: '',
      wanted: [],
      run: (context) => {
        context.record('ratio', 0 / 0, '');
        return Promise.resolve();
      },
    });
    await expect(runBenchmark(broken, options())).rejects.toThrow('finite');
  });

  it('cleans up in reverse order, also after an error, and reports both faults', async () => {
    const order: string[] = [];
    const failing = defineBenchmark({
      name: 'failing',
      summary: '',
      wanted: [],
      run: (context) => {
        context.cleanUp(() => order.push('first'));
        context.cleanUp(() => {
          order.push('second');
          throw new Error('stuck');
        });
        return Promise.reject(new Error('lost'));
      },
    });
    await expect(runBenchmark(failing, options())).rejects.toThrow('Error: lost; Error: stuck');
    expect(order).toEqual(['second', 'first']);
  });

  it('cleans up when it is interrupted', async () => {
    const given = options();
    let cleaned = false;
    const endless = defineBenchmark({
      name: 'endless',
      summary: '',
      wanted: [],
      run: async (context) => {
        context.cleanUp(() => (cleaned = true));
        given.abort.abort();
        await new Promise(() => undefined);
      },
    });
    await expect(runBenchmark(endless, given)).rejects.toThrow(Interrupted);
    expect(cleaned).toBe(true);
  });
});

describe('runDrill', () => {
  it('gives a folder of its own and removes it', async () => {
    let folder = '';
    const drill = defineDrill({
      name: 'writing',
      summary: '',
      run: (context) => {
        folder = context.folder;
        writeFileSync(join(folder, 'file'), 'x');
        context.invariant('nothing lost', 0);
        return Promise.resolve();
      },
    });
    const report = await runDrill(drill, options());
    expect(existsSync(folder)).toBe(false);
    expect(report.broken).toEqual([]);
    expect(report.wanted).toEqual([
      { name: 'nothing lost', measured: 0, limit: 0, unit: 'violations', holds: true },
    ]);
  });

  it('says which invariant broke', async () => {
    const drill = defineDrill({
      name: 'breaking',
      summary: '',
      run: (context) => {
        context.invariant('charged once', 2, 'customers 7 and 9');
        return Promise.resolve();
      },
    });
    const report = await runDrill(drill, options());
    expect(report.broken).toEqual(['charged once: 2 violations: customers 7 and 9']);
    expect(report.wanted[0]?.holds).toBe(false);
  });

  it('keeps what happened in order, and shows it at once', async () => {
    const given = options();
    const drill = defineDrill({
      name: 'telling',
      summary: '',
      run: (context) => {
        context.event('broker killed');
        context.event('broker ready');
        context.invariant('nothing lost', 0);
        return Promise.resolve();
      },
    });
    const { timeline } = await runDrill(drill, given);
    expect(timeline.map(({ text }) => text)).toEqual(['broker killed', 'broker ready']);
    expect(timeline.every(({ atMs }) => Number.isInteger(atMs) && atMs >= 0)).toBe(true);
    expect(given.shown).toEqual(['broker killed', 'broker ready']);
  });

  it('fails a drill that checks nothing', async () => {
    const drill = defineDrill({ name: 'idle', summary: '', run: () => Promise.resolve() });
    await expect(runDrill(drill, options())).rejects.toThrow('stated no invariant');
  });

  it('gives ports that can be listened on', async () => {
    const drill = defineDrill({
      name: 'listening',
      summary: '',
      run: async (context) => {
        const server = createServer();
        const port = await context.freePort();
        await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
        await new Promise((resolve) => server.close(resolve));
        context.invariant('free', 0);
      },
    });
    expect((await runDrill(drill, options())).broken).toEqual([]);
  });
});
