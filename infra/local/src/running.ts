import type { ServerOptions } from '@newscience/embedded-postgres/server';
import { startEmbeddedPostgres } from '@newscience/embedded-postgres/server';

import { askToEnd, type ChildOptions, exitOf, exitText, startChild } from './child.ts';
import { untilHealthy } from './health-probe.ts';
import { lastLines, sizeOf } from './log-files.ts';
import { Refusal } from './refusal.ts';
import type { Running } from './supervisor.ts';

/** How many lines of a log are shown where a process ended that should not have. */
const shownLines = 10;

/** sysexits.h: wrong configuration. Trying again changes nothing. */
const wrongConfiguration = 78;

/** Starts a service; it is ready when its health URL answers 200. */
export function runningService(child: ChildOptions, healthUrl: string): Running {
  const logFrom = sizeOf(child.logFile);
  const started = startChild(child);
  const exited = exitOf(started);
  const end = new AbortController();
  void exited.then(() => end.abort());
  return {
    pid: started.pid,
    ready: untilHealthy(healthUrl, end.signal),
    ended: exited.then((exit) => ({
      how: exitText(exit),
      final: exit.code === wrongConfiguration,
      lastLines: lastLines(child.logFile, shownLines, logFrom),
    })),
    end: async (withinMs) => {
      askToEnd(started);
      const timer = setTimeout(() => started.kill('SIGKILL'), withinMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

/**
 * Starts PostgreSQL.
 *
 * @param onUrl gets the superuser's URL
 * @throws Refusal with the fault's sentence
 */
export async function runningPostgres(
  options: ServerOptions,
  onUrl: (adminUrl: string) => void,
): Promise<Running> {
  const logFrom = sizeOf(options.logFile);
  const started = await startEmbeddedPostgres(options);
  if (!started.ok) throw new Refusal(started.error.detail);
  const server = started.value;
  onUrl(server.adminUrl);
  return {
    pid: server.pid,
    ready: Promise.resolve(true),
    ended: server.exited.then(() => ({
      how: 'its server process is gone',
      final: false,
      lastLines: lastLines(options.logFile, shownLines, logFrom),
    })),
    end: (withinMs) => server.stop(withinMs),
  };
}
