/** Something that knows its place in the list of what is in flight. */
export type Placed = { place: number };

/**
 * What is in flight, with adding and removing in constant time. Not a `Set`: V8's keeps a chain of its
 * outgrown tables, and with a member coming and going for each request that chain keeps every ended
 * request alive until the next full collection (measured: three times the work for the collector).
 */
export class InFlight<T extends Placed> implements Iterable<T> {
  readonly #members: T[] = [];

  get size(): number {
    return this.#members.length;
  }

  add(member: T): void {
    member.place = this.#members.length;
    this.#members.push(member);
  }

  /** Nothing happens where it is not in the list. */
  delete(member: T): void {
    if (this.#members[member.place] !== member) return;
    const last = this.#members.pop();
    if (last === undefined || last === member) return;
    last.place = member.place;
    this.#members[member.place] = last;
  }

  /** A copy, so that members may leave while they are gone through. */
  [Symbol.iterator](): Iterator<T> {
    return [...this.#members].values();
  }
}
