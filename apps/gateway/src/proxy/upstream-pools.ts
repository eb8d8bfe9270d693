import type { RouteDecision } from './route-decision.ts';
import type { FacadeSettings } from './settings.ts';
import { UpstreamPool } from './upstream-pool.ts';

/** A pool that no route has used for so long, in milliseconds, is closed and forgotten. */
const retireAfter = 60_000;

/** One pool per upstream origin, made when it is first used. */
export class UpstreamPools implements Iterable<UpstreamPool> {
  readonly #settings: FacadeSettings;
  readonly #onDefect: (error: Error) => void;
  readonly #pools = new Map<string, UpstreamPool>();

  constructor(settings: FacadeSettings, onDefect: (error: Error) => void) {
    this.#settings = settings;
    this.#onDefect = onDefect;
  }

  for({ name, origin }: RouteDecision['upstream']): UpstreamPool {
    const known = this.#pools.get(origin);
    if (known !== undefined) return known;
    const { limits, timeouts, connectionsPerUpstream } = this.#settings;
    const pool = new UpstreamPool(name, origin, {
      connections: connectionsPerUpstream,
      queued: limits.queuedPerUpstream,
      upgrades: limits.upgradesPerUpstream,
      connectMs: timeouts.connectMs,
      answerHeaderBytes: limits.answerHeaderBytes,
      onDefect: this.#onDefect,
    });
    this.#pools.set(origin, pool);
    return pool;
  }

  /** Forgets upstreams that no route leads to any more. */
  retireUnused(now: number): void {
    for (const [origin, pool] of this.#pools) {
      if (pool.unusedFor(now) < retireAfter) continue;
      this.#pools.delete(origin);
      void pool.close();
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.close()));
  }

  [Symbol.iterator](): Iterator<UpstreamPool> {
    return this.#pools.values();
  }
}
