/** Lets a loop sleep until something happens. What happens while nobody sleeps is remembered once. */
export type WakeUp = {
  readonly raise: () => void;
  /** Resolves at the next `raise`, at once after one that nobody has waited for, or after so many milliseconds. */
  readonly wait: (mostMs: number) => Promise<void>;
};

export function createWakeUp(): WakeUp {
  let raised = false;
  let wake: (() => void) | undefined;
  return {
    raise() {
      raised = true;
      wake?.();
    },
    wait: (mostMs) =>
      new Promise((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          raised = false;
          wake = undefined;
          resolve();
        };
        const timer = setTimeout(done, mostMs);
        wake = done;
        if (raised) done();
      }),
  };
}
