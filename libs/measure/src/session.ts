import type { MeasureContext, Settable } from './benchmark.ts';
import { createFigureBook, type Figures } from './figures.ts';
import { describeMachine, type Machine } from './machine.ts';
import type { Progress } from './progress.ts';
import { readSettings, type Settings } from './settings.ts';

export type SessionOptions = {
  declared: Settable;
  /** From the command line; every name must be declared. */
  settings: Settings;
  progress: Progress;
  signal: AbortSignal;
};

export type Session = {
  context: MeasureContext;
  figures: () => Figures;
  machine: () => Machine;
};

/**
 * Runs one benchmark or drill and undoes afterwards what it built up, in reverse order, whether it
 * ended, failed or was interrupted.
 *
 * @throws what the body threw, or an AggregateError of that and what the cleaning up threw
 */
export async function withSession<T>(
  options: SessionOptions,
  body: (session: Session) => Promise<T>,
): Promise<T> {
  const undos: (() => unknown)[] = [];
  const failures: unknown[] = [];
  let result: { value: T } | undefined;
  try {
    const running = body(createSession(options, undos));
    running.catch(() => undefined);
    result = { value: await Promise.race([running, interruption(options.signal)]) };
  } catch (error) {
    failures.push(error);
  }
  options.progress.end();
  for (const undo of undos.reverse()) {
    try {
      await undo();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 1) throw new AggregateError(failures, failures.map(String).join('; '));
  if (result === undefined || failures.length === 1) throw failures[0];
  return result.value;
}

/** Thrown into a session by Ctrl-C or SIGTERM. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted');
  }
}

function createSession(options: SessionOptions, undos: (() => unknown)[]): Session {
  const book = createFigureBook();
  const versions: Record<string, string> = {};
  const values = readSettings(options.declared, options.settings);
  return {
    context: {
      record: (figure, value, unit) => {
        book.record(figure, value, unit);
      },
      progress: (text) => {
        options.progress.show(text);
      },
      version: (part, version) => {
        versions[part] = version;
      },
      cleanUp: (undo) => {
        undos.push(undo);
      },
      ...values,
      signal: options.signal,
    },
    figures: () => book.figures(),
    machine: () => describeMachine(versions),
  };
}

function interruption(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(new Interrupted());
    signal.addEventListener('abort', () => reject(new Interrupted()), { once: true });
  });
}
