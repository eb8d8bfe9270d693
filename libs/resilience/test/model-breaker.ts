/** A defect to be put into the model, so that a test can see whether the comparison notices it. */
export type Defect =
  | 'no-generations'
  | 'silent-probes-wait'
  | 'one-probe-too-many'
  | 'late-threshold'
  | 'reset-of-isolated-opens';

export type ModelRules = {
  readonly threshold: number;
  readonly openMs: number;
  readonly probes: number;
  readonly successes: number;
  readonly probeTimeoutMs: number;
};

type Admitted = { readonly epoch: number; readonly at: number; readonly probe: boolean };

/**
 * What a circuit breaker is, as plainly as it can be said: slow, and with a timer's view of time (`tick`), which the
 * real one does without. Shares no line with it.
 */
export class ModelBreaker {
  mode: 'closed' | 'open' | 'half-open' | 'isolated' = 'closed';
  #rules: ModelRules;
  #defect: Defect | undefined;
  #now = 0;
  #epoch = 0;
  #failuresInARow = 0;
  #opensAgainAt = 0;
  #successes = 0;
  #running = new Map<number, Admitted>();

  constructor(rules: ModelRules, defect?: Defect) {
    this.#rules = rules;
    this.#defect = defect;
  }

  /** One millisecond passes. */
  tick(): void {
    this.#now += 1;
    if (this.mode !== 'half-open' || this.#defect === 'silent-probes-wait') return;
    for (const { epoch, probe, at } of this.#running.values())
      if (probe && epoch === this.#epoch && this.#now === at + this.#rules.probeTimeoutMs) {
        this.#open();
        return;
      }
  }

  /** Whether the call is let through. */
  call(id: number): boolean {
    if (this.mode === 'open' && this.#now >= this.#opensAgainAt) this.#become('half-open');
    const probe = this.mode === 'half-open';
    if (this.mode === 'open' || this.mode === 'isolated') return false;
    const most = this.#rules.probes + (this.#defect === 'one-probe-too-many' ? 1 : 0);
    if (probe && this.#probesNow() >= most) return false;
    this.#running.set(id, { epoch: this.#epoch, at: this.#now, probe });
    return true;
  }

  end(id: number, well: boolean): void {
    const admitted = this.#running.get(id);
    this.#running.delete(id);
    if (admitted === undefined) return;
    if (admitted.epoch !== this.#epoch && this.#defect !== 'no-generations') return;
    if (this.mode === 'half-open') this.#endProbe(well);
    else if (this.mode === 'closed') this.#endCall(well);
  }

  isolate(): void {
    if (this.mode !== 'isolated') this.#become('isolated');
  }

  reset(): void {
    if (this.mode === 'isolated' && this.#defect === 'reset-of-isolated-opens') this.#open();
    else this.#become('closed');
  }

  #endCall(well: boolean): void {
    this.#failuresInARow = well ? 0 : this.#failuresInARow + 1;
    const late = this.#defect === 'late-threshold' ? 1 : 0;
    if (this.#failuresInARow >= this.#rules.threshold + late) this.#open();
  }

  #endProbe(well: boolean): void {
    if (!well) {
      this.#open();
      return;
    }
    this.#successes += 1;
    if (this.#successes >= this.#rules.successes) this.#become('closed');
  }

  #probesNow(): number {
    return [...this.#running.values()].filter(({ epoch }) => epoch === this.#epoch).length;
  }

  #open(): void {
    this.#become('open');
    this.#opensAgainAt = this.#now + this.#rules.openMs;
  }

  #become(mode: ModelBreaker['mode']): void {
    this.mode = mode;
    this.#epoch += 1;
    this.#failuresInARow = 0;
    this.#successes = 0;
  }
}
