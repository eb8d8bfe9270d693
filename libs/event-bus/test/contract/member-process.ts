import { setTimeout as sleep } from 'node:timers/promises';

import { createLogger } from '@newscience/service-kit/logging';
import { z } from 'zod';

import { connectBus } from '../../src/connect.ts';
import { numberOf } from './counted.ts';
import type { Report } from './harness.ts';

/** A member of a group in a process of its own, so that a test can kill, stop and continue it. */
const settings = z
  .object({ group: z.string(), topic: z.string(), workMs: z.number() })
  .parse(JSON.parse(process.argv[2] ?? ''));

const say = (line: Report): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

const bus = await connectBus({
  url: process.env['EVENT_BUS_URL'] ?? '',
  name: 'member-process',
  logger: createLogger({ service: 'member-process', level: 'error' }),
});
const subscription = await bus.subscribe({
  group: settings.group,
  topics: [settings.topic],
  from: 'earliest',
  maxBatch: 5,
  handle: async (batch, claim) => {
    for (const delivery of batch) {
      const { partition, position, event } = delivery;
      const what = { key: event.subject, n: numberOf(delivery), partition };
      say({ said: 'handling', ...what });
      await sleep(settings.workMs);
      const committed = await claim.commit(position);
      say({ said: 'commit', partition, outcome: committed.ok ? 'ok' : committed.error.code });
      if (!committed.ok) return;
      say({ said: 'handled', ...what });
    }
  },
});
let shown = '';
setInterval(() => {
  const partitions = subscription.assigned().map(({ partition }) => partition);
  partitions.sort((a, b) => a - b);
  const text = partitions.join();
  if (text !== shown) say({ said: 'assigned', partitions });
  shown = text;
}, 20);
process.send?.({ type: 'ready' });
