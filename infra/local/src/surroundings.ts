import { accountsIn } from './accounts.ts';
import { databaseOf, urlOf } from './databases.ts';
import type { Layout } from './layout.ts';
import { secretIn } from './private-file.ts';
import { busName, type Site, type Surroundings } from './service-list.ts';
import type { Migration } from './tasks.ts';

/** The databases of the event bus and of all services, and what brings them up to date. */
export function migrationsOf(site: Site, adminUrl: string, layout: Layout): readonly Migration[] {
  return [{ name: busName, ...site.bus }, ...site.services].flatMap(({ name, migrate }) =>
    migrate === undefined ? [] : [{ name, migrate, database: databaseOf(name, adminUrl, layout) }],
  );
}

export type Launch = {
  readonly site: Site;
  readonly port: number;
  readonly layout: Layout;
  readonly adminUrl: string;
  readonly migrations: readonly Migration[];
};

/** What the settings of one service can be made of. Secrets that do not exist yet are made. */
export function surroundingsOf(launch: Launch, service: string): Surroundings {
  const { site, port, layout, adminUrl, migrations } = launch;
  const accounts = accountsIn(layout.credentialsFile);
  const appUrl = (wanted: string) =>
    migrations.find(({ name }) => name === wanted)?.database.appUrl ?? '';
  return {
    layout,
    basePort: port,
    siteUrl: site.url(port),
    databaseUrl: appUrl(service),
    busUrl: appUrl(busName),
    roleUrl: (database, role) => urlOf(adminUrl, database, role, layout),
    secret: (name) => secretIn(layout.secretFile(name)),
    passwords: { operator: accounts.operator.password, editor: accounts.editor.password },
  };
}
