import type { Layout } from './layout.ts';
import type { RestartPolicy } from './restart-policy.ts';

/** What a service's settings can be made of. */
export type Surroundings = {
  readonly layout: Layout;
  /** The site's public port; services count on from it. */
  readonly basePort: number;
  /** What readers type. */
  readonly siteUrl: string;
  /** The service's own database, for the role that it runs as; empty where it has none. */
  readonly databaseUrl: string;
  /** The event bus that all services share. */
  readonly busUrl: string;
  /** Another database of this server for another role, whose password is the secret of the role's name. */
  readonly roleUrl: (database: string, role: string) => string;
  /** A secret by name, made at the first use. */
  readonly secret: (name: string) => string;
  /** Passwords of the accounts that a new site has. */
  readonly passwords: { readonly operator: string; readonly editor: string };
};

/** A short process that runs at each start, after all migrations and before the services. */
export type Preparation = {
  /** Path from the root of the clone. */
  readonly main: string;
  /** Said when it fails: a sentence without its end. */
  readonly failure: string;
  /** `adminUrl` gives the URL of a database for the superuser. */
  readonly env: (
    surroundings: Surroundings & { readonly adminUrl: (database: string) => string },
  ) => Readonly<Record<string, string>>;
};

/** One service of New Science: all that the launcher knows of it. */
export type Service = {
  /** Names its process, log, database and roles. */
  readonly name: string;
  /** Paths from the root of the clone. */
  readonly main: string;
  /** Short process that brings the database up to date as its owner; a service without one has no database. */
  readonly migrate?: string;
  readonly prepare?: Preparation;
  /** Ports it listens on, as distances from the base port, with what they are for. */
  readonly ports: readonly { readonly offset: number; readonly purpose: string }[];
  /** Answers 200 when the service is ready. */
  readonly healthUrl: (basePort: number) => string;
  /** Shown in the closing table, and where a program finds it. */
  readonly url: (basePort: number) => string;
  readonly env: (surroundings: Surroundings) => Readonly<Record<string, string>>;
  /** How long it may take to end after SIGTERM before it is killed, milliseconds. */
  readonly stopWithinMs: number;
};

/** A short process that fills a new site, once. */
export type Sample = {
  readonly main: string;
  /** Whose database and settings it gets. */
  readonly service: string;
};

/** Everything that a launch runs besides PostgreSQL. */
export type Site = {
  /** What readers type; answers 200 when the site is there. */
  readonly url: (basePort: number) => string;
  readonly operatorUrl: (basePort: number) => string;
  /** They start together; the last is the facade, which is stopped before the others are. */
  readonly services: readonly Service[];
  /** The event bus's database, named `bus`: the file brings it up to date as its owner. */
  readonly bus?: { readonly migrate: string };
  readonly sample?: Sample;
  /** Imports a file of articles: called with the file and `--data DIR`. */
  readonly importer?: string;
  readonly restartPolicy?: RestartPolicy;
  /** Settings of postgresql.conf that differ from the house's. */
  readonly postgresSettings?: Readonly<Record<string, string>>;
};

/** Names the event bus's database, roles and secrets. */
export const busName = 'bus';

/** PostgreSQL's port, as distance from the base port. */
export const postgresOffset = 9;

export const loopback = (port: number): string => `http://127.0.0.1:${port}`;
