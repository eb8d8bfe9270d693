import { join } from 'node:path';

import { afterEach, describe, expect, it } from '@jest/globals';

import { freePort } from './free-port.ts';
import { type ServiceOptions, type ServiceProcess, startService } from './service-process.ts';

const file = join(import.meta.dirname, '..', 'test', 'stand-in.ts');

describe('a service process', () => {
  const started: ServiceProcess[] = [];
  const start = async (options: Omit<ServiceOptions, 'file'> = {}): Promise<ServiceProcess> => {
    const service = await startService({ file, ...options });
    started.push(service);
    return service;
  };
  afterEach(async () => {
    await Promise.all(started.splice(0).map((service) => service.stop()));
  });

  it('is ready when it says so', async () => {
    const service = await start();
    expect(service.ready()).toMatchObject({ type: 'ready' });
    expect(service.output()).toContain('listening');
    expect(await service.stop()).toEqual({ code: 0, signal: null });
  });

  it('is ready when its health URL answers', async () => {
    const port = await freePort();
    const service = await start({
      env: { SILENT: 'yes', PORT: String(port) },
      healthUrl: `http://127.0.0.1:${port}/`,
    });
    expect(service.ready()).toBe('well');
  });

  it('is killed and restarted', async () => {
    const service = await start();
    const { pid } = service;
    expect(await service.kill('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
    await service.restart();
    expect(service.pid).not.toBe(pid);
    expect(service.output().match(/listening/g)).toHaveLength(1);
  });

  it('tells when it has written something', async () => {
    const service = await start();
    await service.saw(/listen.ng/);
    await expect(service.saw(/never/, 20)).rejects.toThrow(/20 ms are over[^]*listening/);
    const waiting = service.saw(/never/);
    await service.kill('SIGKILL');
    await expect(waiting).rejects.toThrow('It has ended');
  });

  it('that ends at its start is reported with what it wrote', async () => {
    await expect(start({ env: { FAIL_AT_START: 'yes' } })).rejects.toThrow(
      /exit code 78[^]*no database/,
    );
  });

  it('that stays unready is ended', async () => {
    await expect(start({ env: { SILENT: 'yes' }, readyWithinMs: 300 })).rejects.toThrow(
      'not ready after 300 ms',
    );
  });
});
