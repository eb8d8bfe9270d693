import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { err, ok, type Result } from '@newscience/service-kit/result';
import { z } from 'zod';
import type { SiteError } from './site-error.ts';

/** Who logs in where nobody said so: the account of that name in `credentials.json`. */
export type SiteRole = 'operator' | 'editor';

export type Credentials =
  { kind: 'token'; token: string } | { kind: 'password'; email: string; password: string } | { kind: 'none'; remedy: string };

/** `url` is what readers use; `operatorUrl` is the gateway's operator API, where it is known. Neither ends with a slash. */
export type Site = { url: string; operatorUrl: string | undefined; credentials: Credentials; foundBy: string };

export type FindSiteOptions = {
  role: SiteRole;
  /** `--url` */
  url?: string | undefined;
  /** `--operator-url` */
  operatorUrl?: string | undefined;
  /** `--data`: the folder that `npm start` keeps its data in. Default: `NEWSCIENCE_DATA`, else `.newscience` in `cwd`. */
  dataDir?: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
};

const httpUrl = z.url({ protocol: /^https?$/, hostname: /.+/ }).transform((text) => text.replace(/\/+$/, ''));
const instanceFile = z.object({ url: httpUrl, operatorUrl: httpUrl.optional() });
const account = z.object({ email: z.string().min(1), password: z.string().min(1) });
const credentialsFile = z.object({ operator: account.optional(), editor: account.optional() });

/**
 * Finds a running site: the option, then the environment (`NEWSCIENCE_URL`, `NEWSCIENCE_OPERATOR_URL`),
 * then `instance.json` in the data folder, which `npm start` writes. Credentials: `NEWSCIENCE_TOKEN`,
 * then `NEWSCIENCE_EMAIL` with `NEWSCIENCE_PASSWORD`, then the role's account in `credentials.json`.
 * Missing credentials are no error here, because some calls need none.
 */
export async function findSite(options: FindSiteOptions): Promise<Result<Site, SiteError>> {
  const { env } = options;
  const folder = resolve(options.cwd, options.dataDir ?? nonEmpty(env['NEWSCIENCE_DATA']) ?? '.newscience');
  const given = {
    url: options.url ?? nonEmpty(env['NEWSCIENCE_URL']),
    operatorUrl: options.operatorUrl ?? nonEmpty(env['NEWSCIENCE_OPERATOR_URL']),
  };
  const instance = await readJson(join(folder, 'instance.json'), instanceFile);
  if (!instance.ok) return instance;
  const credentials = await findCredentials(options, folder);
  if (!credentials.ok) return credentials;

  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined && !httpUrl.safeParse(value).success) {
      const option = name === 'url' ? '--url or NEWSCIENCE_URL' : '--operator-url or NEWSCIENCE_OPERATOR_URL';
      return err({ code: 'site_not_found', detail: `${option} should be an absolute http URL, got "${value}"` });
    }
  }
  const url = trimmed(given.url) ?? instance.value?.url ?? trimmed(given.operatorUrl);
  if (url === undefined) {
    const detail = `no running site is known in ${folder}: start one with "npm start", or name it with --url or NEWSCIENCE_URL`;
    return err({ code: 'site_not_found', detail });
  }
  // An instance file speaks of one site; where another one was named, its operator address would be wrong.
  const sameSite = given.url === undefined || trimmed(given.url) === instance.value?.url;
  const operatorUrl = trimmed(given.operatorUrl) ?? (sameSite ? instance.value?.operatorUrl : undefined);
  const foundBy = given.url ?? given.operatorUrl ? 'option or environment' : join(folder, 'instance.json');
  return ok({ url, operatorUrl, credentials: credentials.value, foundBy });
}

async function findCredentials(options: FindSiteOptions, folder: string): Promise<Result<Credentials, SiteError>> {
  const { env, role } = options;
  const token = nonEmpty(env['NEWSCIENCE_TOKEN']);
  if (token !== undefined) return ok({ kind: 'token', token });
  const email = nonEmpty(env['NEWSCIENCE_EMAIL']);
  const password = nonEmpty(env['NEWSCIENCE_PASSWORD']);
  if (email !== undefined && password !== undefined) return ok({ kind: 'password', email, password });
  if (email !== undefined || password !== undefined) {
    const [set, missing] = email === undefined ? ['PASSWORD', 'EMAIL'] : ['EMAIL', 'PASSWORD'];
    return err({ code: 'credentials_missing', detail: `NEWSCIENCE_${set} is set and NEWSCIENCE_${missing} is not: set both or neither` });
  }
  const file = join(folder, 'credentials.json');
  const found = await readJson(file, credentialsFile);
  if (!found.ok) return found;
  const stored = found.value?.[role];
  if (stored !== undefined) return ok({ kind: 'password', ...stored });
  const remedy = `set NEWSCIENCE_TOKEN, or NEWSCIENCE_EMAIL and NEWSCIENCE_PASSWORD, or start the site here, so that ${file} exists`;
  return ok({ kind: 'none', remedy });
}

/** `undefined` where there is no such file; an error where there is one that cannot be used. */
async function readJson<S extends z.ZodType>(file: string, schema: S): Promise<Result<z.output<S> | undefined, SiteError>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return ok(undefined);
    return err({ code: 'site_file_damaged', detail: `${file} cannot be read (${String(error)}): run as the user who started the site` });
  }
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return ok(parsed.data);
  return err({ code: 'site_file_damaged', detail: `${file} is not what "npm start" writes: stop the site and start it again` });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function trimmed(url: string | undefined): string | undefined {
  return url?.replace(/\/+$/, '');
}
