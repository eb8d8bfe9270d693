import { EMPTY_TABLE } from './domain/route-table.ts';
import { prepareSteering, type Steering } from './domain/steering.ts';
import type { TargetPolicy } from './domain/target.ts';
import type { TableVersion, VersionedTable } from './route-store.ts';
import type { DecideRoute } from './proxy/route-decision.ts';

/** Where the table in force came from. `default` is none at all: everything goes to the monolith. */
export type TableOrigin =
  { kind: 'database' } | { kind: 'snapshot'; savedAt: string } | { kind: 'default' };

/**
 * The route table in force in this process. A change exchanges the compiled table whole, between two
 * requests: whoever was decided before goes on to where it was sent.
 */
export type CurrentTable = {
  readonly decide: DecideRoute;
  readonly steering: Steering;
  readonly origin: TableOrigin;
  /** `undefined` where there is none at all. */
  readonly version: TableVersion | undefined;
  readonly adopt: (next: VersionedTable, origin: TableOrigin) => void;
};

/** Starts with the default route alone. */
export function createCurrentTable(policy: TargetPolicy): CurrentTable {
  let steering = prepareSteering(EMPTY_TABLE, policy);
  let origin: TableOrigin = { kind: 'default' };
  let version: TableVersion | undefined;
  return {
    decide: ({ method, path }) => steering.steer(method, path),
    get steering() {
      return steering;
    },
    get origin() {
      return origin;
    },
    get version() {
      return version;
    },
    adopt(next, from) {
      // Prepared before anything is exchanged: a table that cannot be prepared changes nothing.
      const prepared = prepareSteering(next.table, policy);
      steering = prepared;
      origin = from;
      version = { lineage: next.lineage, revision: next.table.revision };
    },
  };
}
