import { messageOf } from '@newscience/service-kit/error-text';
import type { Logger } from '@newscience/service-kit/logging';
import { reveal, type Secret } from '@newscience/service-kit/secret';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { z } from 'zod';

import { ARRIVAL_CHANNEL } from '../consumers/record-arrival.ts';

export type PlacingOptions = {
  readonly databaseUrl: string | Secret;
  readonly applicationName: string;
  readonly logger: Logger;
  /** Pause between two looks that nobody has asked for, milliseconds. Default 1000. */
  readonly pollMs?: number;
  /** How many arrivals get their place in one transaction. Default 500. */
  readonly most?: number;
  /** Called after each look. */
  readonly onLook: (look: Look) => void;
};

export type Look = { readonly placed: number; readonly erased: number; readonly head: number };

export type Placing = {
  /** `lookedMs` is how long ago the last look was; undefined before the first one. */
  readonly status: () => { readonly lookedMs: number | undefined; readonly failure?: string };
  readonly stop: () => Promise<void>;
};

const CONNECT_TIMEOUT_MS = 3000;
/** One call moves a few hundred rows; a database that needs longer for it counts as away. */
const CALL_TIMEOUT_MS = 10_000;
const LONGEST_PAUSE_MS = 2000;

const lookRow = z.object({
  placed: z.number(),
  erased: z.number(),
  more: z.boolean(),
  head: z.coerce.number().int().nonnegative(),
});

/**
 * Gives arrivals their place in the timeline, whichever instance they came in at: when they are announced, and every
 * `pollMs` in case an announcement was lost. Has one connection of its own, and connects again for as long as it takes.
 */
export function startPlacing(options: PlacingOptions): Placing {
  const { logger } = options;
  const stopping = new AbortController();
  const state: { lookedAt?: number; failure?: string } = {};

  const run = async (): Promise<void> => {
    for (let failures = 0; !stopping.signal.aborted;) {
      try {
        await placeWhileConnected(options, stopping.signal, (look) => {
          failures = 0;
          delete state.failure;
          state.lookedAt = performance.now();
          options.onLook(look);
        });
      } catch (error) {
        failures += 1;
        state.failure = messageOf(error);
        logger[failures === 1 ? 'warn' : 'debug']({ err: error }, 'the timeline had to pause');
        const pauseMs = Math.min(100 * 2 ** failures, LONGEST_PAUSE_MS);
        await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  };
  const running = run();
  return {
    status: () => ({
      lookedMs: state.lookedAt === undefined ? undefined : performance.now() - state.lookedAt,
      ...(state.failure === undefined ? {} : { failure: state.failure }),
    }),
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

async function placeWhileConnected(
  { databaseUrl, applicationName, pollMs = 1000, most = 500 }: PlacingOptions,
  stopping: AbortSignal,
  onLook: (look: Look) => void,
): Promise<void> {
  const client = new pg.Client({
    connectionString: reveal(databaseUrl),
    application_name: applicationName,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: CALL_TIMEOUT_MS,
    query_timeout: CALL_TIMEOUT_MS + 1000,
    keepAlive: true,
  });
  let announced = false;
  let lost: Error | undefined;
  let wake = (): void => undefined;
  client.on('error', (error) => {
    lost = error;
    wake();
  });
  client.on('end', () => {
    lost ??= new Error('the connection was closed');
    wake();
  });
  client.on('notification', () => {
    announced = true;
    wake();
  });
  stopping.addEventListener('abort', () => wake());

  /** Until something was announced, the connection is lost, it is time to stop, or to look all the same. */
  const rest = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, pollMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (announced || lost !== undefined || stopping.aborted) wake();
    });

  try {
    await client.connect();
    await client.query(`LISTEN ${ARRIVAL_CHANNEL}`);
    while (!stopping.aborted) {
      // Announcements from here on may be of what this look does not see.
      announced = false;
      const { rows } = await client.query<Record<string, unknown>>(
        'SELECT placed, erased, more, head FROM place_arrivals($1)',
        [most],
      );
      const { more, ...look } = lookRow.parse(rows[0]);
      onLook(look);
      if (!more) await rest();
      if (lost !== undefined) throw lost;
    }
  } finally {
    // A peer that has vanished does not answer the farewell.
    await Promise.race([
      client.end().catch(() => undefined),
      sleep(500, undefined, { ref: false }),
    ]);
  }
}
