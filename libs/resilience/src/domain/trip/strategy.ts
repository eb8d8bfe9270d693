/** Why a circuit should open: which counts, in which window. */
export type TripReason =
  | { readonly rule: 'consecutive-failures'; readonly failures: number }
  | {
      readonly rule: 'count-window' | 'time-window';
      /** Calls in the window that count against the circuit. */
      readonly bad: number;
      readonly calls: number;
      /** From which share on it opens. */
      readonly ratio: number;
      /** What was counted: failures, or slow calls. */
      readonly counts: 'failures' | 'slow-calls';
      /** Size of the window, in calls or in milliseconds. */
      readonly window: number;
    };

/** Decides from the outcomes of calls when a circuit opens. It belongs to one circuit alone. */
export interface TripStrategy {
  /** Whether it has to be told the time; a strategy that has not spares each call a look at the clock. */
  readonly timed: boolean;
  /**
   * Notes an outcome, and says why the circuit should open, if it should.
   *
   * @param tookMs 0 where the strategy is not timed
   * @param nowMs 0 where the strategy is not timed
   */
  record(failed: boolean, tookMs: number, nowMs: number): TripReason | undefined;
  /** Forgets everything: the circuit changed its state. */
  reset(): void;
}

/** Makes the strategy of one circuit. */
export type Trip = () => TripStrategy;
