export type BucketDefect =
  'no-cap' | 'refusal-spends' | 'whole-tokens-only' | 'penalty-forgotten' | 'burst-after-penalty';

/**
 * What a token bucket is, as plainly as it can be said: every millisecond drops `rate` thousandths of a token into it.
 * Whole numbers only, and no formula that it would share with the real one.
 */
export class ModelBucket {
  readonly #rate: number;
  readonly #capacity: number;
  readonly #defect: BucketDefect | undefined;
  #thousandths: number;
  #closedForMs = 0;
  #saved = 0;

  constructor(ratePerSecond: number, burst: number, defect?: BucketDefect) {
    this.#rate = ratePerSecond;
    this.#capacity = burst * 1000;
    this.#thousandths = this.#capacity;
    this.#defect = defect;
  }

  /** One millisecond passes. */
  tick(): void {
    if (this.#closedForMs > 0) {
      this.#closedForMs -= 1;
      return;
    }
    if (this.#defect === 'whole-tokens-only') {
      this.#saved += this.#rate;
      // Loses what is over, as a bucket does that counts whole tokens at a whole number of moments.
      if (this.#saved >= 1000) this.#drop(1000);
      if (this.#saved >= 1000) this.#saved = 0;
    } else this.#drop(this.#rate);
  }

  /** How many milliseconds until so many tokens can be had, counted tick by tick. */
  wait(tokens: number): number {
    const missing = tokens * 1000 - this.#thousandths;
    return missing <= 0 && this.#closedForMs === 0
      ? 0
      : this.#closedForMs + Math.max(0, missing) / this.#rate;
  }

  take(tokens: number, mostWaitMs: number): boolean {
    const granted = this.wait(tokens) <= mostWaitMs;
    if (granted || this.#defect === 'refusal-spends') this.#thousandths -= tokens * 1000;
    return granted;
  }

  giveBack(tokens: number): void {
    this.#drop(tokens * 1000);
  }

  /** Closed for so long; afterwards one token is there, or fewer where tokens are promised. */
  penalise(forMs: number): void {
    if (this.#defect === 'penalty-forgotten') return;
    const free = this.#defect === 'burst-after-penalty' ? this.#capacity : 1000;
    const refilling = Math.max(0, forMs - this.#closedForMs) * this.#rate;
    this.#closedForMs = Math.max(this.#closedForMs, forMs);
    this.#thousandths = Math.min(free, this.#thousandths + refilling);
  }

  #drop(thousandths: number): void {
    this.#thousandths += thousandths;
    if (this.#defect !== 'no-cap') this.#thousandths = Math.min(this.#capacity, this.#thousandths);
  }
}
