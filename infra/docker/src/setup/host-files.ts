import type { Secrets } from './secret-list.ts';

/**
 * What the command lines on the host look for in a data folder: where the site is, and the accounts of operator and
 * editor. The same files as those of `npm start`.
 */
export function hostFiles({
  secrets,
  siteUrl,
  operatorUrl,
  more = '',
}: {
  secrets: Pick<Secrets, 'OPERATOR_PASSWORD' | 'EDITOR_PASSWORD'>;
  siteUrl: string;
  operatorUrl: string;
  /** Further services: `name=url`, comma-separated. */
  more?: string;
}): Readonly<Record<'instance.json' | 'credentials.json', string>> {
  const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
  return {
    'instance.json': json({
      url: siteUrl,
      operatorUrl,
      services: [{ name: 'gateway', url: operatorUrl }, ...servicesIn(more)],
    }),
    'credentials.json': json({
      operator: { email: 'operator@newscience.example', password: secrets.OPERATOR_PASSWORD },
      editor: { email: 'editor@newscience.example', password: secrets.EDITOR_PASSWORD },
    }),
  };
}

function servicesIn(list: string): { name: string; url: string }[] {
  return list.split(',').flatMap((entry) => {
    const [, name, url] = /^\s*([a-z0-9-]+)=(\S+)\s*$/.exec(entry) ?? [];
    return name === undefined || url === undefined ? [] : [{ name, url }];
  });
}
