import { type Role, roleUrl, serviceNames } from '@newscience/embedded-postgres/service-database';

import type { Layout } from './layout.ts';
import { secretIn } from './private-file.ts';

/** A service's database: its name, its two roles with their passwords, and the URLs for them. */
export type Database = {
  readonly database: string;
  readonly owner: Role;
  readonly app: Role;
  readonly ownerUrl: string;
  readonly appUrl: string;
};

/** Names and secrets of a service's database; the secrets are made at the first start and kept, mode 0600. */
export function databaseOf(service: string, adminUrl: string, layout: Layout): Database {
  const names = serviceNames(service);
  const owner = { name: names.owner, password: secretIn(layout.secretFile(`${service}-owner`)) };
  const app = { name: names.app, password: secretIn(layout.secretFile(service)) };
  return {
    database: names.database,
    owner,
    app,
    ownerUrl: roleUrl(adminUrl, names.database, owner),
    appUrl: roleUrl(adminUrl, names.database, app),
  };
}

/** The URL of another database for another role; its password is made at the first use and kept, mode 0600. */
export function urlOf(adminUrl: string, database: string, role: string, layout: Layout): string {
  const password = secretIn(layout.secretFile(role.replaceAll('_', '-')));
  return roleUrl(adminUrl, database, { name: role, password });
}

/** The URL of another database for the superuser. */
export function adminUrlOf(adminUrl: string, database: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  return url.href;
}
