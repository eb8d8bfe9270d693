import { inspect } from 'node:util';

const hidden = '[secret]';

/**
 * A value that must not be seen: printing, logging, inspecting or serialising it gives `[secret]`.
 * Only `reveal()` gives the value, so that each use of it can be found.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. Pass it on to what needs it; do not keep it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return hidden;
  }

  toJSON(): string {
    return hidden;
  }

  [inspect.custom](): string {
    return hidden;
  }
}

/** The plain text of a setting that may or may not be a secret. */
export const reveal = (value: string | Secret): string =>
  value instanceof Secret ? value.reveal() : value;
