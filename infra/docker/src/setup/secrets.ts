import { chmod, chown, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeFaults, readConfig, text, url } from '@newscience/service-kit/config';
import { codeOf } from '@newscience/service-kit/error-text';
import { z } from 'zod';

import { formatEnvFile, parseEnvFile } from './env-file.ts';
import { hostFiles } from './host-files.ts';
import { secretFolders } from './secret-files.ts';
import { prefix, secretNames, type Secrets } from './secret-list.ts';
import { settleSecrets } from './settle-secrets.ts';

/**
 * One-shot: settles the secrets of the stack, keeps them, and hands each container its own. Safe to run again: what
 * is there stays. Runs as root without a network, because it gives files to the accounts of others.
 */
const settings = z.object({
  SITE_URL: url(['http', 'https']),
  OPERATOR_URL: url(['http', 'https']),
  /** Services that programs on the host reach besides: `name=url`, comma-separated. */
  SERVICE_URLS: text().default(''),
  /** A folder with a folder for each container. */
  SECRETS_DIR: text().default('/secrets'),
  VAULT_DIR: text().default('/vault'),
  /** The folder that the person at the host sees. */
  HOST_DIR: text().default('/host'),
  /** A file of the clone: whoever owns it is given the files in HOST_DIR. */
  HOST_OWNER: text().default('/clone/docker-compose.yml'),
});

const comment = `Secrets of the compose stack, made at its first start or given to it. Compose does not read this file;
its service "secrets" does. A value that stands here is used, whatever the stack's volume has kept.`;

const config = readConfig(settings, process.env);
if (config.ok) await settle(config.value);
else {
  process.stderr.write(`${describeFaults(config.error)}\n`);
  process.exitCode = 78;
}

async function settle(config: z.output<typeof settings>): Promise<void> {
  const { SECRETS_DIR, VAULT_DIR, HOST_DIR, HOST_OWNER } = config;
  const [hostFile, vaultFile] = [join(HOST_DIR, '.env'), join(VAULT_DIR, '.env')];
  const settled = settleSecrets({
    environment: process.env,
    file: parseEnvFile(await textIn(hostFile)),
    vault: parseEnvFile(await textIn(vaultFile)),
  });
  if (!settled.ok) {
    process.stderr.write(
      `Secrets are wrong:\n${settled.error.map((each) => `  ${each}\n`).join('')}`,
    );
    process.exitCode = 78;
    return;
  }
  const { secrets, origins } = settled.value;
  const kept = formatEnvFile(comment, named(secrets));
  // First of all they are kept: a start that ends here must not make others the next time.
  await write(vaultFile, kept, { account: 0, mode: 0o600 });
  for (const { name, account, files } of secretFolders(secrets))
    for (const [file, content] of Object.entries(files))
      await write(join(SECRETS_DIR, name, file), content, { account, mode: 0o400 });

  const owner = await stat(HOST_OWNER);
  await mkdir(HOST_DIR, { recursive: true });
  await chown(HOST_DIR, owner.uid, owner.gid);
  const { SITE_URL: siteUrl, OPERATOR_URL: operatorUrl, SERVICE_URLS: more } = config;
  const files = { '.env': kept, ...hostFiles({ secrets, siteUrl, operatorUrl, more }) };
  for (const [file, content] of Object.entries(files))
    await write(join(HOST_DIR, file), content, {
      account: owner.uid,
      group: owner.gid,
      mode: 0o600,
    });
  for (const name of secretNames) process.stdout.write(`${prefix}${name}: ${origins[name]}\n`);
}

/** Readers see the old file or the new one, and nobody else sees either. */
async function write(
  file: string,
  content: string,
  { account, group = account, mode }: { account: number; group?: number; mode: number },
): Promise<void> {
  const next = `${file}.next`;
  await writeFile(next, content, { mode: 0o600 });
  await chmod(next, mode);
  await chown(next, account, group);
  await rename(next, file);
}

async function textIn(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  });
}

function named(secrets: Secrets): ReadonlyMap<string, string> {
  return new Map(secretNames.map((name) => [`${prefix}${name}`, secrets[name]]));
}
