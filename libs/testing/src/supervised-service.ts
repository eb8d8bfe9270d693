import { setTimeout as sleep } from 'node:timers/promises';

import type { Victim } from './process-killer.ts';
import { type ServiceOptions, type ServiceProcess, startService } from './service-process.ts';

export type SupervisedService = Victim & {
  /** How often it has ended without having been killed, each with exit and last words. */
  readonly endings: () => readonly string[];
  /** Of the process that runs now; undefined while none does. */
  readonly process: () => ServiceProcess | undefined;
  /** Ends it for good. */
  readonly stop: () => Promise<void>;
};

const PAUSE_MS = 250;

/**
 * A service process that is started again whenever it ends, as a launcher or a container engine would, and that
 * can be killed: then it stays away until `start`.
 *
 * @throws Error where it does not become ready the first time
 */
export async function superviseService(options: ServiceOptions): Promise<SupervisedService> {
  let service: ServiceProcess | undefined = await startService(options);
  let expected = false;
  let starting: Promise<void> | undefined;
  const endings: string[] = [];

  const watch = (running: ServiceProcess): void => {
    void running.exited().then(({ code, signal }) => {
      if (service !== running) return;
      service = undefined;
      if (expected) return;
      endings.push(`${signal ?? `exit code ${code ?? 'unknown'}`}: ${lastLines(running.output())}`);
      void start().catch(() => undefined);
    });
  };
  const startUntilReady = async (): Promise<void> => {
    for (;;) {
      if (expected) return;
      try {
        service = await startService(options);
        watch(service);
        return;
      } catch (error) {
        endings.push(`at its start: ${lastLines(String(error))}`);
        await sleep(PAUSE_MS);
      }
    }
  };
  const start = async (): Promise<void> => {
    expected = false;
    if (service !== undefined) return;
    starting ??= startUntilReady().finally(() => (starting = undefined));
    await starting;
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (signal === 'SIGKILL') await starting;
    expected = true;
    await starting;
    await service?.kill(signal);
    service = undefined;
  };
  watch(service);
  return {
    endings: () => endings,
    process: () => service,
    start,
    kill: () => end('SIGKILL'),
    stop: async () => {
      const running = service;
      const giveUp = setTimeout(() => void running?.kill('SIGKILL'), 10_000);
      await end('SIGTERM');
      clearTimeout(giveUp);
    },
  };
}

const lastLines = (text: string): string =>
  text.trim().split('\n').slice(-5).join('\n').slice(-1000);
