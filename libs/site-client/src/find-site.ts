import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '@newscience/service-kit/error-text';
import { err, ok, type Result } from '@newscience/service-kit/result';
import { z } from 'zod';
import { dataFolder, instanceFileName } from './data-folder.ts';
import type { SiteError } from './site-error.ts';

/** Who logs in where nobody said so: the account of that name in `credentials.json`. */
export type SiteRole = 'operator' | 'editor';

export type Credentials =
  | { kind: 'token'; token: string }
  | { kind: 'password'; email: string; password: string }
  | { kind: 'none'; remedy: string };

/**
 * `url` is what readers use, `operatorUrl` the gateway's operator API. At least one of them is known;
 * neither ends with a slash.
 */
export type Site = {
  url: string | undefined;
  operatorUrl: string | undefined;
  /** Its services with addresses of their own, as far as they are known. */
  services: readonly SiteService[];
  credentials: Credentials;
  foundBy: string;
};

/** `url` does not end with a slash. */
export type SiteService = { name: string; url: string };

export type FindSiteOptions = {
  role: SiteRole;
  /** `--url` */
  url?: string | undefined;
  /** `--operator-url` */
  operatorUrl?: string | undefined;
  /** `--data`: the site's data folder. Default: `NEWSCIENCE_DATA`, else see `dataFolder`. */
  dataDir?: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
};

const httpUrl = z
  .url({ protocol: /^https?$/, hostname: /.+/ })
  .transform((text) => text.replace(/\/+$/, ''));
const instanceFile = z.object({
  url: httpUrl,
  operatorUrl: httpUrl.optional(),
  services: z.array(z.object({ name: z.string(), url: httpUrl })).default([]),
});
const account = z.object({ email: z.string().min(1), password: z.string().min(1) });
const credentialsFile = z.object({ operator: account.optional(), editor: account.optional() });

/**
 * Finds a running site: the option, then the environment (`NEWSCIENCE_URL`, `NEWSCIENCE_OPERATOR_URL`),
 * then `instance.json` in the data folder, which `npm start` and the compose stack write. Credentials: `NEWSCIENCE_TOKEN`,
 * then `NEWSCIENCE_EMAIL` with `NEWSCIENCE_PASSWORD`, then the role's account in `credentials.json`.
 * Missing credentials are no error here, because some calls need none.
 */
export async function findSite(options: FindSiteOptions): Promise<Result<Site, SiteError>> {
  const { env } = options;
  const folder = dataFolder(options.dataDir ?? nonEmpty(env['NEWSCIENCE_DATA']), options.cwd);
  const givenUrl = readUrl('--url', options.url, 'NEWSCIENCE_URL', env);
  if (!givenUrl.ok) return givenUrl;
  const givenOperatorUrl = readUrl(
    '--operator-url',
    options.operatorUrl,
    'NEWSCIENCE_OPERATOR_URL',
    env,
  );
  if (!givenOperatorUrl.ok) return givenOperatorUrl;

  const named = givenUrl.value ?? givenOperatorUrl.value;
  const file = join(folder, instanceFileName);
  const instance = await readJson(file, instanceFile);
  if (!instance.ok && named === undefined) return instance;
  const local = instance.ok ? instance.value : undefined;
  const url = givenUrl.value ?? local?.url;
  if (url === undefined && named === undefined) {
    const detail = `no running site is known in ${folder}: start one with "npm start", or name it with --url or NEWSCIENCE_URL`;
    return err({ code: 'site_not_found', detail });
  }
  // An instance file speaks of one site; where another one was named, its other addresses would be wrong.
  const same = url === local?.url ? local : undefined;
  const operatorUrl = givenOperatorUrl.value ?? same?.operatorUrl;
  const services = same?.services ?? [];
  const credentials = await findCredentials(options, folder, url === local?.url || isLoopback(url));
  if (!credentials.ok) return credentials;
  const foundBy = named === undefined ? file : 'option or environment';
  return ok({ url, operatorUrl, services, credentials: credentials.value, foundBy });
}

function readUrl(
  option: string,
  given: string | undefined,
  variable: string,
  env: FindSiteOptions['env'],
): Result<string | undefined, SiteError> {
  const text = given ?? nonEmpty(env[variable]);
  if (text === undefined) return ok(undefined);
  const parsed = httpUrl.safeParse(text);
  if (parsed.success) return ok(parsed.data);
  const detail = `${option} or ${variable} should be an absolute http URL, got "${text}"`;
  return err({ code: 'site_not_found', detail });
}

async function findCredentials(
  { env, role }: FindSiteOptions,
  folder: string,
  localSite: boolean,
): Promise<Result<Credentials, SiteError>> {
  const token = nonEmpty(env['NEWSCIENCE_TOKEN']);
  if (token !== undefined) return ok({ kind: 'token', token });
  const email = nonEmpty(env['NEWSCIENCE_EMAIL']);
  const password = nonEmpty(env['NEWSCIENCE_PASSWORD']);
  if (email !== undefined && password !== undefined) {
    return ok({ kind: 'password', email, password });
  }
  if (email !== undefined || password !== undefined) {
    const [set, missing] = email === undefined ? ['PASSWORD', 'EMAIL'] : ['EMAIL', 'PASSWORD'];
    const detail = `NEWSCIENCE_${set} is set and NEWSCIENCE_${missing} is not: set both or neither`;
    return err({ code: 'credentials_missing', detail });
  }
  const variables = 'set NEWSCIENCE_TOKEN, or NEWSCIENCE_EMAIL and NEWSCIENCE_PASSWORD';
  // The stored accounts are those of the site on this machine, and no other shall get to see them.
  if (!localSite) return ok({ kind: 'none', remedy: variables });
  const file = join(folder, 'credentials.json');
  const found = await readJson(file, credentialsFile);
  if (!found.ok) return found;
  const stored = found.value?.[role];
  if (stored !== undefined) return ok({ kind: 'password', ...stored });
  return ok({
    kind: 'none',
    remedy: `${variables}, or start the site here, so that ${file} exists`,
  });
}

function isLoopback(url: string | undefined): boolean {
  const host = url === undefined ? undefined : new URL(url).hostname;
  return host !== undefined && /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(host);
}

/** `undefined` where there is no such file; an error where there is one that cannot be used. */
async function readJson<S extends z.ZodType>(
  file: string,
  schema: S,
): Promise<Result<z.output<S> | undefined, SiteError>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return ok(undefined);
    return err({
      code: 'site_file_damaged',
      detail: `${file} cannot be read (${String(error)}): run as the user who started the site`,
    });
  }
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return ok(parsed.data);
  return err({
    code: 'site_file_damaged',
    detail: `${file} is not what "npm start" writes: stop the site and start it again`,
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
