import type { Logger } from './logging.ts';

/** Closes what the service opened, in the reverse order of opening. */
export type Shutdown = {
  /** Registers what to close; `name` is for the log. */
  add: (name: string, close: () => Promise<unknown>) => void;
  /** Closes everything and ends the process: exit code `code` (default 0), or 1 when the deadline passed. Once. */
  trigger: (reason: string, code?: number) => Promise<void>;
  /** Runs as soon as the shutdown begins, before anything is closed. */
  onBegin: (listener: (reason: string) => void) => void;
};

type Host = Pick<NodeJS.Process, 'on' | 'exit' | 'connected' | 'send'>;

/**
 * Shuts the process down on SIGINT, SIGTERM, or when the parent that spawned it with a channel is gone. A
 * second signal changes nothing. A step that fails is logged and does not stop the others. Default deadline
 * for all steps together: 8000 ms.
 */
export function createShutdown(options: {
  logger: Logger;
  deadlineMs?: number;
  host?: Host;
}): Shutdown {
  const { logger, deadlineMs = 8000, host = process } = options;
  const steps: { name: string; close: () => Promise<unknown> }[] = [];
  const listeners: ((reason: string) => void)[] = [];
  let running: Promise<void> | undefined;

  const closeAll = async (): Promise<boolean> => {
    let clean = true;
    for (const { name, close } of steps.toReversed()) {
      try {
        await close();
        logger.debug({ step: name }, 'closed');
      } catch (error) {
        clean = false;
        logger.error({ err: error, step: name }, 'could not be closed');
      }
    }
    return clean;
  };

  const run = async (reason: string, code: number): Promise<void> => {
    const started = performance.now();
    logger.info({ reason }, 'shutting down');
    for (const listener of listeners) listener(reason);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), deadlineMs);
    });
    const outcome = await Promise.race([closeAll(), late]);
    clearTimeout(timer);
    if (outcome === 'late') logger.error({ deadlineMs }, 'deadline passed, ending anyway');
    else logger.info({ ms: Math.round(performance.now() - started) }, 'shut down');
    host.exit(outcome === 'late' ? 1 : code);
  };

  const trigger = (reason: string, code = 0): Promise<void> => (running ??= run(reason, code));

  host.on('SIGINT', () => void trigger('SIGINT'));
  host.on('SIGTERM', () => void trigger('SIGTERM'));
  // Only a process that was spawned with a channel has `send`. It may have lost its parent already.
  if (host.send !== undefined) {
    host.on('disconnect', () => void trigger('parent is gone'));
    if (!host.connected) setImmediate(() => void trigger('parent is gone'));
  }

  return {
    add: (name, close) => steps.push({ name, close }),
    trigger,
    onBegin: (listener) => listeners.push(listener),
  };
}
