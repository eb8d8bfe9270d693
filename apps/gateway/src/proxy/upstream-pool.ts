import { UpstreamConnection, type ConnectionOptions } from './upstream-connection.ts';

/** Somebody who needs a connection for one request. */
export type Taker = {
  /** Called at once or later, exactly once unless cancelled; `release` gives the connection back. */
  onConnection: (connection: UpstreamConnection) => void;
  /** Called at once when too many wait already. */
  onBusy: () => void;
};

export type PoolOptions = ConnectionOptions & {
  connections: number;
  queued: number;
  upgrades: number;
};

/**
 * A bounded number of connections to one upstream, and a bounded queue before them, first come first
 * served. The connection used last is used first, so that the others can go idle and close.
 */
export class UpstreamPool {
  readonly name: string;
  readonly #origin: string;
  readonly #options: PoolOptions;
  readonly #all: UpstreamConnection[] = [];
  readonly #free: UpstreamConnection[] = [];
  readonly #waiting = new Set<Taker>();
  #upgrades = 0;
  #used = true;
  #unusedSince = Infinity;

  constructor(name: string, origin: string, options: PoolOptions) {
    this.name = name;
    this.#origin = origin;
    this.#options = options;
  }

  get busy(): number {
    return this.#all.length - this.#free.length;
  }

  get idle(): number {
    return this.#free.filter(({ isConnected }) => isConnected).length;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  get upgrades(): number {
    return this.#upgrades;
  }

  /** Milliseconds since a connection was last asked for or in use, as far as it was looked at. */
  unusedFor(now: number): number {
    if (this.#used || this.busy + this.#upgrades + this.#waiting.size > 0) {
      this.#used = false;
      this.#unusedSince = now;
    }
    return now - this.#unusedSince;
  }

  acquire(taker: Taker): void {
    this.#used = true;
    const connection = this.#free.pop() ?? this.#grow();
    if (connection !== undefined) taker.onConnection(connection);
    else if (this.#waiting.size < this.#options.queued) this.#waiting.add(taker);
    else taker.onBusy();
  }

  /** Takes somebody out of the queue; nothing happens where he is not in it. */
  cancel(taker: Taker): void {
    this.#waiting.delete(taker);
  }

  release(connection: UpstreamConnection): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free.push(connection);
      return;
    }
    this.#waiting.delete(next);
    next.onConnection(connection);
  }

  /** Upgraded connections leave the pool and are counted apart; false where there are too many. */
  beginUpgrade(): boolean {
    if (this.#upgrades >= this.#options.upgrades) return false;
    this.#upgrades += 1;
    return true;
  }

  endUpgrade(): void {
    this.#upgrades -= 1;
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((connection) => connection.close()));
  }

  #grow(): UpstreamConnection | undefined {
    if (this.#all.length >= this.#options.connections) return undefined;
    const connection = new UpstreamConnection(this.#origin, this.#options);
    this.#all.push(connection);
    return connection;
  }
}
