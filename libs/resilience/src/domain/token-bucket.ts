import { OptionFaults } from './option-faults.ts';

/** What the called party allows: in any span of `s` seconds at most `burst + ratePerSecond * s` tokens. */
export type Contract = {
  /** Refill, tokens a second, more than 0, fractions allowed. */
  readonly ratePerSecond: number;
  /** Capacity, 1 or more: what may be taken at once after a pause. */
  readonly burst: number;
};

export function checkContract(faults: OptionFaults, { ratePerSecond, burst }: Contract): void {
  if (!(ratePerSecond > 0 && ratePerSecond <= 1e6))
    faults.wrong(`ratePerSecond should be a number in (0, 1000000], got ${ratePerSecond}`);
  faults.number('burst', burst, 1, 1e9);
}

/** @throws RangeError for a number of tokens that the bucket can never hold */
export function checkTokens(name: string, tokens: number, burst: number): void {
  if (tokens > 0 && tokens <= burst) return;
  new OptionFaults()
    .wrong(`tokens should be a number in (0, ${burst}], the burst, got ${tokens}`)
    .settle(`token bucket ${name}`);
}

/** Far below what any clock tells apart: sums of fractions must not make somebody wait who need not. */
const TOLERANCE_MS = 1e-6;

/**
 * A bucket as one number: the moment at which it would be full again. Refills are fractional and happen by the mere
 * passing of time; a reservation for later moves the moment further away than an empty bucket would.
 */
export class Bucket {
  readonly #tokenMs: number;
  readonly #capacityMs: number;
  #fullAt = Number.NEGATIVE_INFINITY;
  /** The end of a penalty. It is apart from the other moment, so that no token given back can shorten it. */
  #closedUntil = Number.NEGATIVE_INFINITY;

  constructor({ ratePerSecond, burst }: Contract) {
    this.#tokenMs = 1000 / ratePerSecond;
    this.#capacityMs = burst * this.#tokenMs;
  }

  /** How long until so many tokens can be had, in milliseconds. */
  waitMs(tokens: number, nowMs: number): number {
    const openAt = Math.max(nowMs, this.#closedUntil);
    const grantAt = Math.max(this.#fullAt, openAt) + tokens * this.#tokenMs - this.#capacityMs;
    const wait = Math.max(grantAt, openAt) - nowMs;
    return wait > TOLERANCE_MS ? wait : 0;
  }

  /** Takes them, at the moment that `waitMs` tells. */
  spend(tokens: number, nowMs: number): void {
    this.#fullAt = Math.max(this.#fullAt, nowMs, this.#closedUntil) + tokens * this.#tokenMs;
  }

  giveBack(tokens: number): void {
    this.#fullAt -= tokens * this.#tokenMs;
  }

  /** Nothing for so long, and then one token, not all of those that might have come meanwhile. */
  penalise(forMs: number, nowMs: number): void {
    this.#closedUntil = Math.max(this.#closedUntil, nowMs + forMs);
    this.#fullAt = Math.max(this.#fullAt, this.#closedUntil + this.#capacityMs - this.#tokenMs);
  }

  /** What is in it; less than 0 where tokens are promised already. */
  tokens(nowMs: number): number {
    return (this.#capacityMs - Math.max(0, this.#fullAt - nowMs)) / this.#tokenMs;
  }
}
