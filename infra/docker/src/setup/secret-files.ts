import { roleUrl, serviceNames } from '@newscience/embedded-postgres/service-database';

import { databaseServices, type DatabaseService, type Secrets } from './secret-list.ts';

/** Account numbers inside the containers. */
export const accounts = { node: 1000, postgres: 999 } as const;

/** The files that one container sees, in a volume that only it has. */
export type SecretFolder = {
  /** Of the folder below the one that all of them are mounted in. */
  readonly name: string;
  /** Who may read the files. */
  readonly account: number;
  readonly files: Readonly<Record<string, string>>;
};

const server = 'postgres://postgres:5432/postgres';

/** What each container gets to see, as files: whole URLs, so that no program puts secrets together. */
export function secretFolders(secrets: Secrets): SecretFolder[] {
  const { node, postgres } = accounts;
  const folder = (
    name: string,
    files: Readonly<Record<string, string>>,
    account: number = node,
  ) => ({
    name,
    account,
    files,
  });
  const admin = { name: 'postgres', password: secrets.POSTGRES_PASSWORD };
  const databases = serviceList.map((service) => databaseOf(service, secrets));
  const prepared = databases.map(({ database, owner, app }) => ({ database, owner, app }));
  // What the migrator reads: the legacy database, through a role that sees what it captures and nothing else.
  const legacy = serviceNames('monolith').database;
  const capture = { name: 'legacy_capture', password: secrets.LEGACY_CAPTURE_PASSWORD };
  const moreOf = new Map<DatabaseService, Readonly<Record<string, string>>>([
    [
      'monolith',
      {
        'key-encryption-secret': secrets.MONOLITH_KEY_ENCRYPTION_SECRET,
        'operator-password': secrets.OPERATOR_PASSWORD,
        'editor-password': secrets.EDITOR_PASSWORD,
      },
    ],
    ['migrator', { 'legacy-replication-url': roleUrl(server, legacy, capture) }],
  ]);
  return [
    folder('postgres', { 'postgres-password': secrets.POSTGRES_PASSWORD }, postgres),
    folder('databases', {
      'admin-url': roleUrl(server, 'postgres', admin),
      databases: JSON.stringify(prepared),
    }),
    folder('migrator-provision', {
      'legacy-admin-url': roleUrl(server, legacy, admin),
      'legacy-capture-password': capture.password,
    }),
    ...databases.flatMap(({ service, database, owner, app }) => [
      folder(`${service}-migrate`, { 'database-url': roleUrl(server, database, owner) }),
      folder(service, { 'database-url': roleUrl(server, database, app), ...moreOf.get(service) }),
    ]),
  ];
}

const serviceList: readonly DatabaseService[] = [
  'monolith',
  'gateway',
  'migrator',
  'activity-service',
];

function databaseOf(service: DatabaseService, secrets: Secrets) {
  const { database, owner, app } = serviceNames(service);
  const name = databaseServices[service];
  return {
    service,
    database,
    owner: { name: owner, password: secrets[`${name}_OWNER_PASSWORD`] },
    app: { name: app, password: secrets[`${name}_PASSWORD`] },
  };
}
