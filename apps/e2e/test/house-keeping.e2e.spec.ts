import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { portOffsets, runningSite } from './site.ts';
import { memoryKb, processesOf } from './support/launched.ts';

const site = runningSite();
const port = Number(new URL(site.url).port);
const postgresPort = port + 9;
const onLinux = existsSync('/proc/self/stat') ? it : it.skip;

/** Everybody who can log in besides the superuser, and everything there is to be entered. */
async function rolesAndDatabases(client: Client) {
  await client.connect();
  const roles = await client.query<{ name: string }>(
    'SELECT rolname AS name FROM pg_roles WHERE rolcanlogin AND NOT rolsuper ORDER BY rolname COLLATE "C"',
  );
  const databases = await client.query<{ name: string }>(
    'SELECT datname AS name FROM pg_database ORDER BY datname COLLATE "C"',
  );
  await client.end();
  const namesOf = (rows: { name: string }[]) => rows.map(({ name }) => name);
  return { roles: namesOf(roles.rows), databases: namesOf(databases.rows) };
}

describe('what the launcher started', () => {
  it('keeps secrets to itself', () => {
    const secrets = readdirSync(join(site.dataDir, 'secrets')).map((name) => join('secrets', name));
    expect(secrets.length).toBeGreaterThan(4);
    for (const name of [...secrets, 'credentials.json', 'instance.json'])
      expect({ name, mode: statSync(join(site.dataDir, name)).mode & 0o777 }).toEqual({
        name,
        mode: 0o600,
      });
    const values = secrets.map((name) => readFileSync(join(site.dataDir, name), 'utf8').trim());
    expect(new Set(values).size).toBe(values.length);
    const logs = readdirSync(join(site.dataDir, 'logs')).map((name) =>
      readFileSync(join(site.dataDir, 'logs', name), 'utf8'),
    );
    for (const text of logs)
      for (const value of [...values, site.credentials.editor.password])
        expect(text.includes(value)).toBe(false);
    for (const pid of processesOf(site.dataDir))
      for (const value of values)
        expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(value)).toBe(false);
  });

  it('lets no role into the database of another', async () => {
    const secretOf = (role: string) =>
      readFileSync(
        join(site.dataDir, 'secrets', `${role.replaceAll('_', '-')}.secret`),
        'utf8',
      ).trim();
    const clientOf = (role: string, database: string) =>
      new Client({
        host: '127.0.0.1',
        port: postgresPort,
        user: role,
        password: secretOf(role),
        database,
      });
    const { roles, databases } = await rolesAndDatabases(clientOf('monolith', 'monolith'));
    expect(databases).toEqual(expect.arrayContaining(['monolith', 'gateway', 'bus']));
    const entered: string[] = [];
    for (const role of roles) {
      for (const database of databases) {
        const client = clientOf(role, database);
        try {
          await client.connect();
          entered.push(`${role} → ${database}`);
          if (!role.endsWith('_owner'))
            for (const sql of ['CREATE TABLE mine (x int)', 'TRUNCATE schema_migrations'])
              await expect(client.query(sql)).rejects.toThrow(/permission/);
          await expect(client.query('CREATE ROLE mine')).rejects.toThrow(/permission/);
          await expect(client.query("COPY (SELECT 1) TO PROGRAM 'id'")).rejects.toThrow(
            /permission|privileges/,
          );
        } catch (error) {
          expect(String(error)).toMatch(
            /permission denied for database|not currently accepting connections/,
          );
        } finally {
          await client.end().catch(() => undefined);
        }
      }
    }
    // The one exception: who reads the legacy database's changes has a role for nothing else.
    const ownOf = (role: string) =>
      role === 'legacy_capture' ? 'monolith' : role.replace(/_owner$/, '');
    expect(entered).toEqual(roles.map((role) => `${role} → ${ownOf(role)}`));
    const stranger = new Client({
      host: '127.0.0.1',
      port: postgresPort,
      user: 'postgres',
      password: '',
      database: 'monolith',
    });
    await expect(stranger.connect()).rejects.toThrow(/password/);
  });

  onLinux('listens on this machine alone', () => {
    const tcp = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1);
    for (const wanted of portOffsets.map((offset) => port + offset)) {
      const local = tcp
        .map((line) => line.trim().split(/\s+/))
        .filter(
          ([, address = '', , state]) =>
            state === '0A' && Number.parseInt(address.split(':')[1] ?? '', 16) === wanted,
        );
      expect(local.map(([, address = '']) => address.split(':')[0])).toEqual(['0100007F']);
    }
  });

  onLinux('tells how much memory it takes', () => {
    const sum = processesOf(site.dataDir).reduce((kb, pid) => kb + memoryKb(pid), 0);
    console.log(
      `Memory of all processes of the site: ${Math.round(sum / 1024)} MB (wanted: under 600)`,
    );
    expect(sum).toBeGreaterThan(0);
  });
});
