import { roleUrl, serviceNames } from '@newscience/embedded-postgres/service-database';

import {
  databaseServices,
  type DatabaseService,
  type SecretName,
  type Secrets,
} from './secret-list.ts';

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
const nameOf = (service: DatabaseService, what: '' | 'OWNER_'): SecretName =>
  `${service === 'monolith' ? 'MONOLITH' : 'GATEWAY'}_${what}PASSWORD`;

/** What each container gets to see, as files: whole URLs, so that no program puts secrets together. */
export function secretFolders(secrets: Secrets): SecretFolder[] {
  const { node, postgres } = accounts;
  const roles = databaseServices.map((service) => {
    const { database, owner, app } = serviceNames(service);
    return {
      service,
      database,
      owner: { name: owner, password: secrets[nameOf(service, 'OWNER_')] },
      app: { name: app, password: secrets[nameOf(service, '')] },
    };
  });
  const admin = { name: 'postgres', password: secrets.POSTGRES_PASSWORD };
  const own: Readonly<Record<DatabaseService, Readonly<Record<string, string>>>> = {
    monolith: {
      'key-encryption-secret': secrets.MONOLITH_KEY_ENCRYPTION_SECRET,
      'operator-password': secrets.OPERATOR_PASSWORD,
      'editor-password': secrets.EDITOR_PASSWORD,
    },
    gateway: {},
  };
  return [
    {
      name: 'postgres',
      account: postgres,
      files: { 'postgres-password': secrets.POSTGRES_PASSWORD },
    },
    {
      name: 'databases',
      account: node,
      files: {
        'admin-url': roleUrl(server, 'postgres', admin),
        databases: JSON.stringify(
          roles.map(({ database, owner, app }) => ({ database, owner, app })),
        ),
      },
    },
    ...roles.flatMap(({ service, database, owner, app }) => [
      {
        name: `${service}-migrate`,
        account: node,
        files: { 'database-url': roleUrl(server, database, owner) },
      },
      {
        name: service,
        account: node,
        files: { 'database-url': roleUrl(server, database, app), ...own[service] },
      },
    ]),
  ];
}
