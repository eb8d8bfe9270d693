/** The launcher with stand-in services: the same command line, the same behaviour, none of the real services. */
import { dirname } from 'node:path';

import { runLauncher } from '../src/run-launcher.ts';
import { loopback, type Service } from '../src/service-list.ts';

const journal = process.env['JOURNAL'] ?? '';

function standIn(name: string, offset: number, more: Partial<Service> = {}): Service {
  return {
    ...more,
    name,
    main: 'infra/local/test/stand-in.ts',
    migrate: 'infra/local/test/stand-in-migrate.ts',
    ports: [{ offset, purpose: `the ${name}` }],
    healthUrl: (base) => `${loopback(base + offset)}/health/ready`,
    url: (base) => loopback(base + offset),
    env: ({ basePort, databaseUrl, busUrl, roleUrl }) => ({
      NAME: name,
      PORT: String(basePort + offset),
      DATABASE_URL: databaseUrl,
      EVENT_BUS_URL: busUrl,
      READER_URL: roleUrl('back', 'back_reader'),
      JOURNAL: journal,
    }),
    stopWithinMs: 4000,
  };
}

await runLauncher({
  root: dirname(dirname(dirname(import.meta.dirname))),
  site: {
    url: loopback,
    operatorUrl: (base) => loopback(base + 1),
    bus: { migrate: 'infra/local/test/stand-in-migrate.ts' },
    services: [
      standIn('back', 2),
      standIn('front', 0, {
        prepare: {
          main: 'infra/local/test/stand-in-prepare.ts',
          failure: 'The reader could not be prepared',
          env: ({ adminUrl, secret }) => ({
            ADMIN_URL: adminUrl('back'),
            READER_PASSWORD: secret('back-reader'),
          }),
        },
      }),
    ],
    sample: { main: 'infra/local/test/stand-in-sample.ts', service: 'back' },
    postgresSettings: { fsync: 'off' },
    restartPolicy: {
      firstPauseMs: 100,
      factor: 2,
      longestPauseMs: 1000,
      crashes: 3,
      windowMs: 20_000,
    },
  },
});
