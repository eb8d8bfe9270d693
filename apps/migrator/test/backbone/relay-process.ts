/** A relay in a process of its own, to be killed. */
import { connectBus } from '@newscience/event-bus/connect';
import { startRelay } from '@newscience/outbox/relay';
import { createLogger } from '@newscience/service-kit/logging';

const name = process.env['RELAY_NAME'] ?? 'relay';
const logger = createLogger({ service: name, level: 'fatal' });
const bus = await connectBus({ url: process.env['EVENT_BUS_URL'] ?? '', name, logger });
const relay = startRelay({
  ...{ databaseUrl: process.env['DATABASE_URL'] ?? '', applicationName: name, bus, logger },
});
process.once('disconnect', () => process.exit(0));
process.once('SIGTERM', () => {
  void relay
    .stop()
    .then(() => bus.close())
    .then(() => process.exit(0));
});
process.send?.({ type: 'ready' });
