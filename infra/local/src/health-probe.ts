import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks a health URL once. Over a bare socket and HTTP/1.0, because Node's HTTP client would stay in the
 * launcher's memory for good (some 15 MB) for the few requests of a start.
 *
 * @returns the status code, or undefined where nothing answers within the limit (milliseconds, default 2000)
 */
export function healthStatus(url: string, limitMs = 2000): Promise<number | undefined> {
  const { hostname, port, pathname } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) });
    let head = '';
    const finish = (): void => {
      socket.destroy();
      const [, status] = /^HTTP\/1\.[01] (\d{3}) /.exec(head) ?? [];
      resolve(status === undefined ? undefined : Number(status));
    };
    socket.setEncoding('latin1').setTimeout(limitMs, finish);
    socket.once('connect', () =>
      socket.write(`GET ${pathname} HTTP/1.0\r\nHost: ${hostname}:${port}\r\n\r\n`),
    );
    socket.on('data', (chunk: string) => {
      head += chunk;
      if (head.includes('\r\n')) finish();
    });
    socket.once('error', finish);
    socket.once('close', finish);
  });
}

/** Waits until a health URL answers 200, asking every 100 ms. Ends without a word when `signal` is aborted. */
export async function untilHealthy(url: string, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    if ((await healthStatus(url)) === 200) return true;
    await sleep(100, undefined, { signal }).catch(() => undefined);
  }
  return false;
}
