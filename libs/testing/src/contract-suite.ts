import { afterAll, beforeAll, describe } from '@jest/globals';

/** One engine behind a port, as a contract suite needs it. */
export type Adapter<E> = {
  readonly name: string;
  /** Why the suite is left out here; it is then skipped by name. */
  readonly missing?: string | undefined;
  readonly start: () => Promise<E>;
  readonly stop?: (engine: E) => Promise<void>;
  /** How long starting and stopping may take each, milliseconds. Default 60000. */
  readonly startWithinMs?: number;
};

/**
 * Makes a contract suite: what a port promises, written once and run over each adapter.
 *
 * @param port what is promised, as a sentence's subject: `the event bus`
 * @param promises declares the tests; asks for the engine within them, where it has started
 */
export function contractSuite<E, Options = void>(
  port: string,
  promises: (engine: () => E, options: Options) => void,
): (adapter: Adapter<E>, options: Options) => void {
  return ({ name, missing, start, stop, startWithinMs = 60_000 }, options) => {
    if (missing !== undefined) {
      describe.skip(`${port} on ${name}, left out: ${missing}`, () =>
        promises(notStarted(name), options));
      return;
    }
    describe(`${port} on ${name}`, () => {
      let engine: { readonly value: E } | undefined;
      beforeAll(async () => {
        engine = { value: await start() };
      }, startWithinMs);
      afterAll(async () => {
        if (engine !== undefined) await stop?.(engine.value);
      }, startWithinMs);
      promises(() => (engine === undefined ? notStarted(name)() : engine.value), options);
    });
  };
}

const notStarted = (name: string) => (): never => {
  throw new Error(`${name} has not started: ask for the engine within a test, not around it.`);
};
