import type { EventBus } from '@newscience/event-bus/bus';
import type { Health } from '@newscience/service-kit/health';
import { ping } from '@newscience/service-kit/postgres';
import type pg from 'pg';

import type { Capture } from './capture/capture.ts';

type Checked = {
  readonly pool: pg.Pool;
  readonly bus: Pick<EventBus, 'lag'>;
  readonly capture: Pick<Capture, 'state'>;
};

export function addReadinessChecks(health: Health, { pool, bus, capture }: Checked): void {
  health.add('database', () => ping(pool));
  // It consumes nothing: asking after a group that there is not is the cheapest question to a bus.
  health.add('event_bus', async () => {
    await bus.lag('migrator');
  });
  health.add('capture', () => {
    const state = capture.state();
    if (state.status === 'stopped')
      return Promise.reject(new Error(`${state.code}: ${state.detail}`));
    if (state.status === 'starting') return Promise.reject(new Error(state.detail));
    return Promise.resolve(state.status);
  });
}
