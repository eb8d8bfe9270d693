import { describe, expect, it } from '@jest/globals';
import { err, ok } from '@newscience/service-kit/result';

import type { Docker } from './docker.ts';
import { parseUsage, readMemory } from './memory.ts';
import { readStack, standingOf, type Container } from './stack.ts';

const container = (changes: Partial<Container> = {}): Container => ({
  service: 'gateway',
  id: '209ed89641e1',
  state: 'running',
  health: 'healthy',
  exitCode: 0,
  ...changes,
});

describe('a service that stays', () => {
  it.each([
    ['runs and is healthy', {}, { kind: 'ready' }],
    ['has no health check', { health: '' }, { kind: 'ready' }],
    ['starts', { health: 'starting' }, { kind: 'waiting', detail: 'is starting' }],
    ['is not healthy', { health: 'unhealthy' }, { kind: 'waiting', detail: 'is unhealthy' }],
    ['is created', { state: 'created', health: '' }, { kind: 'waiting', detail: 'is created' }],
    ['is restarted', { state: 'restarting' }, { kind: 'waiting', detail: 'is restarting' }],
    ['has ended', { state: 'exited', health: '' }, { kind: 'failed', detail: 'ended with 0' }],
    [
      'was killed',
      { state: 'exited', exitCode: 137 },
      { kind: 'failed', detail: 'ended with 137' },
    ],
    ['is dead', { state: 'dead' }, { kind: 'failed', detail: 'is dead' }],
  ])('%s', (_, changes, standing) => {
    expect(standingOf(container(changes), false)).toEqual(standing);
  });

  it('is waited for before it has a container', () => {
    expect(standingOf(undefined, false)).toEqual({
      kind: 'waiting',
      detail: 'has no container yet',
    });
  });
});

describe('a one-shot', () => {
  it.each([
    ['ended well', { state: 'exited' }, { kind: 'done' }],
    ['failed', { state: 'exited', exitCode: 1 }, { kind: 'failed', detail: 'ended with 1' }],
    ['runs', { health: '' }, { kind: 'waiting', detail: 'is running' }],
  ])('%s', (_, changes, standing) => {
    expect(standingOf(container(changes), true)).toEqual(standing);
  });
});

describe('a stack', () => {
  const file = JSON.stringify({
    name: 'x',
    services: { gateway: { restart: 'unless-stopped' }, secrets: { restart: 'no' } },
  });
  const line = (service: string, state: string, health: string) =>
    JSON.stringify({
      Service: service,
      ID: '1',
      State: state,
      Health: health,
      ExitCode: 0,
      More: 1,
    });
  const dockerWith =
    (listed: string): Docker =>
    (...args) =>
      Promise.resolve(ok(args[1] === 'config' ? file : listed));

  it('has every service of the compose file, also those without a container', async () => {
    const stack = await readStack(dockerWith(`${line('secrets', 'exited', '')}\n`));
    if (!stack.ok) throw new Error(stack.error.detail);
    expect(stack.value.map(({ service, standing }) => [service, standing.kind])).toEqual([
      ['gateway', 'waiting'],
      ['secrets', 'done'],
    ]);
  });

  it('is not guessed from what is not understood, nor from a refusal', async () => {
    expect(await readStack(dockerWith('{}'))).toMatchObject({ error: { code: 'refused' } });
    const refusal = err({ code: 'no_engine' as const, detail: 'gone' });
    expect(await readStack(() => Promise.resolve(refusal))).toEqual(refusal);
  });
});

describe('memory', () => {
  it.each([
    ['60.5MiB / 400MiB', { bytes: 63_438_848, limitBytes: 419_430_400 }],
    ['1.5GiB / 2GiB', { bytes: 1_610_612_736, limitBytes: 2_147_483_648 }],
    ['512KiB / 1MiB', { bytes: 524_288, limitBytes: 1_048_576 }],
    ['0B / 0B', undefined],
    ['-- / --', undefined],
    ['12 / 13', undefined],
    ['1MiB', undefined],
  ])('%s', (text, memory) => {
    expect(parseUsage(text)).toEqual(memory);
  });

  it('is read by container, and not asked for where none runs', async () => {
    const asked: string[][] = [];
    const docker: Docker = (...args) => {
      asked.push(args);
      return Promise.resolve(ok('{"ID":"209ed89641e1","MemUsage":"1MiB / 2MiB"}\nnonsense\n'));
    };
    expect(await readMemory(docker, [])).toEqual({ ok: true, value: new Map() });
    expect(asked).toEqual([]);
    expect(await readMemory(docker, ['209ed89641e1'])).toEqual({
      ok: true,
      value: new Map([['209ed89641e1', { bytes: 1_048_576, limitBytes: 2_097_152 }]]),
    });
  });
});
