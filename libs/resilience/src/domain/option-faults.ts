/** Collects what is wrong with options, so that all of it is said at once. */
export class OptionFaults {
  readonly #faults: string[] = [];

  /** An integer from `least` to `most`, both included. */
  integer(
    name: string,
    value: number,
    least: number,
    most: number = Number.MAX_SAFE_INTEGER,
  ): this {
    if (Number.isSafeInteger(value) && value >= least && value <= most) return this;
    return this.#add(name, `a whole number in ${range(least, most)}`, value);
  }

  /** A finite number from `least` to `most`, both included. */
  number(name: string, value: number, least: number, most: number = Number.MAX_SAFE_INTEGER): this {
    if (Number.isFinite(value) && value >= least && value <= most) return this;
    return this.#add(name, `a number in ${range(least, most)}`, value);
  }

  /** A share: more than 0, at most 1. */
  share(name: string, value: number): this {
    if (value > 0 && value <= 1) return this;
    return this.#add(name, 'a share in (0, 1]', value);
  }

  /** Anything else that is wrong, as a sentence with the remedy. */
  wrong(sentence: string): this {
    this.#faults.push(sentence);
    return this;
  }

  /** @throws RangeError with all faults */
  settle(what: string): void {
    if (this.#faults.length > 0) throw new RangeError(`${what}: ${this.#faults.join('; ')}`);
  }

  #add(name: string, wanted: string, value: number): this {
    return this.wrong(`${name} should be ${wanted}, got ${value}`);
  }
}

const range = (least: number, most: number): string =>
  most === Number.MAX_SAFE_INTEGER ? `[${least}, ∞)` : `[${least}, ${most}]`;
