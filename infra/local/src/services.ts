import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { loopback, type Site } from './service-list.ts';

/** New Science as `npm start` runs it. A further service is a further entry. */
export const newScience: Site = {
  url: loopback,
  operatorUrl: (base) => loopback(base + 1),
  bus: { migrate: 'infra/local/src/migrate-bus.ts' },
  services: [
    {
      name: 'monolith',
      main: 'apps/monolith/src/main.ts',
      migrate: 'apps/monolith/src/migrate.ts',
      ports: [{ offset: 2, purpose: 'the monolith' }],
      healthUrl: (base) => `${loopback(base + 2)}/health/ready`,
      url: (base) => loopback(base + 2),
      env: ({ layout, basePort, siteUrl, databaseUrl, secret, passwords }) => ({
        HOST: '127.0.0.1',
        PORT: String(basePort + 2),
        DATABASE_URL: databaseUrl,
        DATABASE_POOL_MAX: '6', // 18 MB resident for each connection, and one machine has few cores
        PUBLIC_URL: siteUrl,
        TRUST_PROXY: '127.0.0.1',
        KEY_ENCRYPTION_SECRET: secret('monolith-key-encryption'),
        BOOTSTRAP_OPERATOR_PASSWORD: passwords.operator,
        BOOTSTRAP_EDITOR_PASSWORD: passwords.editor,
        MAIL_URL: pathToFileURL(layout.mailDir).href,
      }),
      stopWithinMs: 2500,
    },
    {
      name: 'migrator',
      main: 'apps/migrator/src/main.ts',
      migrate: 'apps/migrator/src/migrate.ts',
      prepare: {
        main: 'apps/migrator/src/provision.ts',
        failure: 'The legacy database could not be made ready for change capture',
        env: ({ adminUrl, secret }) => ({
          LEGACY_ADMIN_URL: adminUrl('monolith'),
          LEGACY_CAPTURE_PASSWORD: secret('legacy-capture'),
        }),
      },
      ports: [{ offset: 3, purpose: 'the migrator' }],
      healthUrl: (base) => `${loopback(base + 3)}/health/ready`,
      url: (base) => loopback(base + 3),
      env: ({ basePort, databaseUrl, busUrl, roleUrl }) => ({
        HOST: '127.0.0.1',
        PORT: String(basePort + 3),
        DATABASE_URL: databaseUrl,
        EVENT_BUS_URL: busUrl,
        LEGACY_REPLICATION_URL: roleUrl('monolith', 'legacy_capture'),
        JWKS_URL: `${loopback(basePort + 2)}/.well-known/jwks.json`,
      }),
      stopWithinMs: 2500,
    },
    {
      name: 'activity-service',
      main: 'apps/activity-service/src/main.ts',
      migrate: 'apps/activity-service/src/migrate.ts',
      ports: [{ offset: 4, purpose: 'the activity service' }],
      healthUrl: (base) => `${loopback(base + 4)}/health/ready`,
      url: (base) => loopback(base + 4),
      env: ({ basePort, databaseUrl, busUrl }) => ({
        HOST: '127.0.0.1',
        PORT: String(basePort + 4),
        DATABASE_URL: databaseUrl,
        EVENT_BUS_URL: busUrl,
        JWKS_URL: `${loopback(basePort + 2)}/.well-known/jwks.json`,
      }),
      stopWithinMs: 2500,
    },
    {
      name: 'gateway',
      main: 'apps/gateway/src/main.ts',
      migrate: 'apps/gateway/src/migrate.ts',
      ports: [
        { offset: 0, purpose: 'the site' },
        { offset: 1, purpose: "the gateway's operator API" },
      ],
      // The public port is transparent: a health path there would be the monolith's.
      healthUrl: (base) => `${loopback(base + 1)}/health/ready`,
      url: (base) => loopback(base),
      env: ({ layout, basePort, databaseUrl, busUrl }) => ({
        HOST: '127.0.0.1',
        PORT: String(basePort),
        OPERATOR_PORT: String(basePort + 1),
        DATABASE_URL: databaseUrl,
        EVENT_BUS_URL: busUrl,
        MONOLITH_URL: loopback(basePort + 2),
        JWKS_URL: `${loopback(basePort + 2)}/.well-known/jwks.json`,
        ROUTE_TABLE_FILE: join(layout.serviceDir('gateway'), 'route-table.json'),
      }),
      stopWithinMs: 5200,
    },
  ],
  sample: { main: 'apps/monolith/src/sample/main.ts', service: 'monolith' },
  importer: 'apps/monolith/src/import/main.ts',
};
