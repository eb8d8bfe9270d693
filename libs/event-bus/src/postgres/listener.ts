import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from '@newscience/service-kit/logging';
import { reveal, type Secret } from '@newscience/service-kit/secret';
import pg from 'pg';

import { retryPause } from '../retry-pause.ts';

export type ListenerOptions = {
  readonly url: string | Secret;
  readonly applicationName: string;
  readonly channels: readonly string[];
  readonly logger: Logger;
  readonly onNotification: (channel: string, payload: string) => void;
  /** Connected (again): what was announced meanwhile has been missed. */
  readonly onConnected: () => void;
};

/**
 * Listens on a connection of its own and connects again whenever it is lost. Notifications only wake
 * somebody up earlier: whoever relies on them polls as well.
 */
export function createListener(options: ListenerOptions): { close: () => Promise<void> } {
  const closing = new AbortController();
  const done = listen(options, closing.signal);
  return {
    close: () => {
      closing.abort();
      return done;
    },
  };
}

async function listen(options: ListenerOptions, closing: AbortSignal): Promise<void> {
  const isOpen = (): boolean => !closing.aborted;
  for (let tries = 1; isOpen(); tries += 1) {
    try {
      await listenOnce(options, closing, () => (tries = 0));
    } catch (error) {
      if (tries === 1) options.logger.warn({ err: error }, 'event bus: notifications interrupted');
    }
    await retryPause(Math.max(tries, 1), closing, { mostMs: 2000 });
  }
}

/** Until the connection ends, or it is time to close. */
async function listenOnce(
  { url, applicationName, channels, onNotification, onConnected }: ListenerOptions,
  closing: AbortSignal,
  connected: () => void,
): Promise<void> {
  const client = new pg.Client({
    connectionString: reveal(url),
    application_name: `${applicationName} listener`,
    connectionTimeoutMillis: 5000,
    keepAlive: true,
  });
  const ended = new Promise<void>((resolve) => {
    client.once('end', () => resolve());
    client.once('error', () => resolve());
    closing.addEventListener('abort', () => resolve(), { once: true });
  });
  // A second error, while the first is dealt with, must not end the process.
  client.on('error', () => undefined);
  client.on('notification', ({ channel, payload = '' }) => onNotification(channel, payload));
  try {
    await client.connect();
    for (const channel of channels)
      await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
    connected();
    onConnected();
    await ended;
  } finally {
    // A peer that has vanished does not answer the farewell.
    await Promise.race([
      client.end().catch(() => undefined),
      sleep(1000, undefined, { ref: false }),
    ]);
  }
}
