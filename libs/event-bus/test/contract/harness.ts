import { join } from 'node:path';

import { createLogger } from '@newscience/service-kit/logging';
import { type ServiceProcess, startService } from '@newscience/testing/service-process';
import { z } from 'zod';

import type { EventBus } from '../../src/bus.ts';
import { connectBus } from '../../src/connect.ts';

export const quiet = createLogger({ service: 'event-bus-test', level: 'fatal' });

/** An engine that the suite runs over: it finds the bus at a URL, and nothing else about it. */
export type Engine = { readonly url: () => string; readonly close?: () => Promise<void> };

/** What a member process has said, one line each. */
export const report = z.discriminatedUnion('said', [
  z.object({ said: z.literal('assigned'), partitions: z.array(z.int()) }),
  z.object({ said: z.literal('handling'), key: z.string(), n: z.int(), partition: z.int() }),
  z.object({ said: z.literal('handled'), key: z.string(), n: z.int(), partition: z.int() }),
  z.object({ said: z.literal('commit'), partition: z.int(), outcome: z.string() }),
]);
export type Report = z.output<typeof report>;

export type MemberProcess = {
  readonly reports: () => Report[];
  readonly handled: () => Extract<Report, { said: 'handled' }>[];
  /** SIGKILL, and waits for its end. */
  readonly kill: () => Promise<unknown>;
  /** SIGSTOP: it hears and does nothing until SIGCONT. */
  readonly freeze: () => void;
  readonly thaw: () => void;
};

export type MemberSettings = {
  readonly group: string;
  readonly topic: string;
  /** How long it works on each event. Default 0. */
  readonly workMs?: number;
};

/** Opens buses and member processes, and closes what was opened. */
export function createSite(engine: Engine): {
  open: (name?: string) => Promise<EventBus>;
  member: (settings: MemberSettings) => Promise<MemberProcess>;
  close: () => Promise<void>;
} {
  const buses: EventBus[] = [];
  const processes: ServiceProcess[] = [];
  return {
    open: async (name = 'event-bus-test') => {
      const bus = await connectBus({ url: engine.url(), name, logger: quiet });
      buses.push(bus);
      return bus;
    },
    member: async ({ group, topic, workMs = 0 }) => {
      const service = await startService({
        file: join(import.meta.dirname, 'member-process.ts'),
        args: [JSON.stringify({ group, topic, workMs })],
        env: { EVENT_BUS_URL: engine.url() },
        readyWithinMs: 60_000,
      });
      processes.push(service);
      const reports = (): Report[] =>
        service
          .output()
          .split('\n')
          .slice(0, -1) // the last line may be half written
          .filter((line) => line.startsWith('{"said"'))
          .map((line) => report.parse(JSON.parse(line)));
      return {
        reports,
        handled: () => reports().filter((one) => one.said === 'handled'),
        kill: () => service.kill('SIGKILL'),
        freeze: () => process.kill(service.pid, 'SIGSTOP'),
        thaw: () => process.kill(service.pid, 'SIGCONT'),
      };
    },
    close: async () => {
      await Promise.all(processes.splice(0).map((service) => service.kill('SIGKILL')));
      await Promise.all(buses.splice(0).map((bus) => bus.close()));
    },
  };
}
