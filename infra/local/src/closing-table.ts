import { relative } from 'node:path';

import type { Layout } from './layout.ts';
import { postgresOffset, type Site } from './service-list.ts';

export type TableRow = { readonly what: string; readonly where: string; readonly log?: string };

/** Three columns, as wide as what is in them. */
export function closingTable(rows: readonly TableRow[]): string {
  const all = [{ what: 'What', where: 'Where', log: 'Log' }, ...rows];
  const widthOf = (pick: (row: TableRow) => string): number =>
    Math.max(...all.map((row) => pick(row).length));
  const what = widthOf((row) => row.what);
  const where = widthOf((row) => (row.log === undefined ? '' : row.where));
  return all
    .map((row) =>
      `  ${row.what.padEnd(what)}   ${row.where.padEnd(where)}   ${row.log ?? ''}`.trimEnd(),
    )
    .join('\n');
}

/** What runs, where to look, where the logs are. Paths are shown from the current folder where that is shorter. */
export function closingRows(
  site: Site,
  port: number,
  layout: Layout,
  cwd: string = process.cwd(),
): TableRow[] {
  const shown = (path: string): string => {
    const near = relative(cwd, path);
    return near !== '' && !near.startsWith('..') ? near : path;
  };
  return [
    ...site.services
      .toReversed()
      .map(({ name, url }) => ({ what: name, where: url(port), log: shown(layout.logFile(name)) })),
    { what: 'operator API', where: site.operatorUrl(port) },
    {
      what: 'PostgreSQL',
      where: `127.0.0.1:${port + postgresOffset}`,
      log: shown(layout.logFile('postgres')),
    },
    {
      what: 'accounts',
      where: `operator and editor, passwords in ${shown(layout.credentialsFile)}`,
    },
    { what: 'mail', where: shown(layout.mailDir) },
    { what: 'stop', where: 'Ctrl-C' },
  ];
}
