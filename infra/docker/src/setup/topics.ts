import { setTimeout as sleep } from 'node:timers/promises';
import { connectBus } from '@newscience/event-bus/connect';
import { topics } from '@newscience/event-contracts/topics';
import { describeFaults, durationMs, readConfig, secretUrl } from '@newscience/service-kit/config';
import { messageOf } from '@newscience/service-kit/error-text';
import { createLogger } from '@newscience/service-kit/logging';
import { z } from 'zod';

/**
 * One-shot: makes the topics of all event contracts where they are missing. Safe to run again. A broker that has
 * just started refuses for a while. Exit code 0, 1 when the time ran out, 78 for wrong settings.
 */
const config = readConfig(
  z.object({ EVENT_BUS_URL: secretUrl(['kafka']), TOPICS_WITHIN_MS: durationMs().default(60_000) }),
  process.env,
);
if (config.ok) {
  const { EVENT_BUS_URL: url, TOPICS_WITHIN_MS } = config.value;
  const logger = createLogger({ service: 'topics', level: 'error' });
  const bus = await connectBus({ url, name: 'topics', logger });
  const failure = await within(TOPICS_WITHIN_MS, () => bus.declareTopics(topics));
  if (failure === undefined) {
    for (const { topic, partitions } of topics)
      process.stdout.write(`Topic ${topic} with ${partitions} partitions is there.\n`);
  } else {
    process.stderr.write(`The topics could not be made: ${messageOf(failure)}\n`);
    process.exitCode = 1;
  }
  await bus.close();
} else {
  process.stderr.write(`${describeFaults(config.error)}\n`);
  process.exitCode = 78;
}

/** Repeats it until it works; the last failure where it did not in time. */
async function within(ms: number, attempt: () => Promise<void>): Promise<unknown> {
  const end = Date.now() + ms;
  for (;;) {
    const failure = await attempt().then(
      () => undefined,
      (error: unknown) => error ?? 'unknown',
    );
    if (failure === undefined || Date.now() >= end) return failure;
    await sleep(1000);
  }
}
