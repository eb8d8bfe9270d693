import type { Occasion } from './domain/route.ts';
import type { RouteCommand, RouteError, RouteEvent, RouteTable } from './domain/route-table.ts';
import type { Result } from './domain/result.ts';

/** Which table it is, and how often it was changed. Equal versions are equal tables. */
export type TableVersion = { lineage: string; revision: number };

export type VersionedTable = { lineage: string; table: RouteTable };

export type Change = { events: readonly RouteEvent[] } & VersionedTable;

/** What the audit log keeps of a route: all of it, or its stage alone where only that changed. */
export type RecordedState = {
  path?: string | undefined;
  methods?: string[] | undefined;
  target?: string | undefined;
  stage: { name: string };
};

/** A line of the audit log. A new route has no `from`, a removed one no `to`. */
export type AuditEntry = {
  revision: number;
  occasion: Occasion;
  event: string;
  routeId: string;
  from: RecordedState | null;
  to: RecordedState | null;
};

/** Where the route table is kept. Every operation rejects while the database is away. */
export type RouteStore = {
  version: () => Promise<TableVersion>;
  load: () => Promise<VersionedTable>;
  /** Decides against the table as it is, and writes state, audit and events to publish in one transaction. */
  change: (command: RouteCommand) => Promise<Result<Change, RouteError>>;
  /** Newest first, at most `limit`, below the revision `before`; of one route only where it is named. */
  audit: (query: {
    limit: number;
    before?: number | undefined;
    routeId?: string | undefined;
  }) => Promise<AuditEntry[]>;
};
