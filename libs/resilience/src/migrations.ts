import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a service shares through its database. Throttled delivery needs `bucket` too. */
export type Part = 'circuit' | 'bucket' | 'delivery';

const source = join(import.meta.dirname, '../migrations');

/** This library's migration files, in order. */
const filesOf = (parts: readonly Part[]): string[] =>
  readdirSync(source)
    .filter((file) => parts.some((part) => file.endsWith(`_${part}.sql`)))
    .sort();

const text = (folder: string, file: string): string =>
  readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim();

const migrationsIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort();

/**
 * The files of this library that a service has not copied into its own migrations, or has changed there. A
 * service's test expects none: `expect(missingMigrations(folder, ['circuit'])).toEqual([])`.
 */
export function missingMigrations(folder: string, parts: readonly Part[]): string[] {
  const present = new Set(migrationsIn(folder).map((file) => text(folder, file)));
  return filesOf(parts).filter((file) => !present.has(text(source, file)));
}

/** Copies what is missing under the service's next numbers, and gives back the new files' names. */
export function copyMigrations(folder: string, parts: readonly Part[]): string[] {
  const last = Number.parseInt(migrationsIn(folder).at(-1) ?? '0', 10);
  return missingMigrations(folder, parts).map((file, index) => {
    const name = file.replace(/^\d+/, String(last + index + 1).padStart(4, '0'));
    writeFileSync(join(folder, name), `${text(source, file)}\n`, { flag: 'wx' });
    return name;
  });
}
