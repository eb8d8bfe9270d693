import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { closingRows, closingTable } from './closing-table.ts';
import { entriesToReset, layoutOf } from './layout.ts';
import { postgresOffset } from './service-list.ts';
import { newScience } from './services.ts';

const root = dirname(dirname(dirname(import.meta.dirname)));
const layout = layoutOf('/srv/clone/.newscience');

describe('the services', () => {
  it('have ports and names of their own', () => {
    const ports = [
      postgresOffset,
      ...newScience.services.flatMap((service) => service.ports.map(({ offset }) => offset)),
    ];
    expect(new Set(ports).size).toBe(ports.length);
    const names = newScience.services.map(({ name }) => name);
    expect(new Set([...names, 'postgres', 'logs', 'secrets', 'mail']).size).toBe(names.length + 4);
  });

  it('start from files that exist', () => {
    const { services, bus, sample, importer } = newScience;
    const files = [
      ...services.flatMap(({ main, migrate, prepare }) => [main, migrate, prepare?.main]),
      ...[bus?.migrate, sample?.main, importer],
    ].filter((file) => file !== undefined);
    for (const file of files) expect([file, existsSync(join(root, file))]).toEqual([file, true]);
  });

  it('stop within ten seconds, PostgreSQL included', () => {
    const limits = newScience.services.map(({ stopWithinMs }) => stopWithinMs);
    expect((limits.at(-1) ?? 0) + Math.max(...limits.slice(0, -1)) + 1800).toBeLessThan(10_000);
  });

  it('get settings for this machine only', () => {
    for (const { env } of newScience.services) {
      const settings = env({
        layout,
        basePort: 8080,
        siteUrl: 'http://127.0.0.1:8080',
        databaseUrl: 'postgres://x',
        busUrl: 'postgres://bus',
        roleUrl: (database, role) => `postgres://${role}@x/${database}`,
        secret: (name) => `secret of ${name}`,
        passwords: { operator: 'o', editor: 'e' },
      });
      expect(settings).toMatchObject({ HOST: '127.0.0.1', DATABASE_URL: 'postgres://x' });
    }
  });
});

describe('the closing table', () => {
  it('says what runs, where, and where its log is', () => {
    expect(closingTable(closingRows(newScience, 8080, layout, '/srv/clone'))).toBe(
      [
        '  What               Where                   Log',
        '  gateway            http://127.0.0.1:8080   .newscience/logs/gateway.log',
        '  activity-service   http://127.0.0.1:8084   .newscience/logs/activity-service.log',
        '  migrator           http://127.0.0.1:8083   .newscience/logs/migrator.log',
        '  monolith           http://127.0.0.1:8082   .newscience/logs/monolith.log',
        '  operator API       http://127.0.0.1:8081',
        '  PostgreSQL         127.0.0.1:8089          .newscience/logs/postgres.log',
        '  accounts           operator and editor, passwords in .newscience/credentials.json',
        '  mail               .newscience/mail',
        '  stop               Ctrl-C',
      ].join('\n'),
    );
  });
});

describe('a reset', () => {
  it('removes what is ours, and not the folder', () => {
    const entries = entriesToReset(layout, ['monolith']);
    for (const entry of entries) expect(entry.startsWith('/srv/clone/.newscience/')).toBe(true);
    expect(entries).not.toContain(layout.lockFile);
  });
});
