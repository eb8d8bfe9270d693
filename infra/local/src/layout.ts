import { join } from 'node:path';

/** Where things are inside the data folder (`.newscience`). */
export type Layout = {
  readonly dataDir: string;
  /** Who runs here, and which processes it started: read by the next start. */
  readonly lockFile: string;
  /** Where a running site is: read by `npm run import` and `npm run routes`. */
  readonly instanceFile: string;
  readonly credentialsFile: string;
  readonly samplesMark: string;
  readonly secretsDir: string;
  readonly postgresDir: string;
  readonly logsDir: string;
  readonly mailDir: string;
  readonly secretFile: (name: string) => string;
  readonly logFile: (name: string) => string;
  /** A folder that a service keeps files of its own in. */
  readonly serviceDir: (name: string) => string;
};

export function layoutOf(dataDir: string): Layout {
  const secretsDir = join(dataDir, 'secrets');
  const logsDir = join(dataDir, 'logs');
  return {
    dataDir,
    lockFile: join(dataDir, 'launcher.json'),
    instanceFile: join(dataDir, 'instance.json'),
    credentialsFile: join(dataDir, 'credentials.json'),
    samplesMark: join(dataDir, 'samples-loaded'),
    secretsDir,
    postgresDir: join(dataDir, 'postgres'),
    logsDir,
    mailDir: join(dataDir, 'mail'),
    secretFile: (name) => join(secretsDir, `${name}.secret`),
    logFile: (name) => join(logsDir, `${name}.log`),
    serviceDir: (name) => join(dataDir, name),
  };
}

/** What `--reset` removes. The lock stays: the launcher that resets holds it. */
export function entriesToReset(layout: Layout, services: readonly string[]): string[] {
  return [
    layout.instanceFile,
    layout.credentialsFile,
    layout.samplesMark,
    layout.secretsDir,
    layout.postgresDir,
    `${layout.postgresDir}.new`,
    `${layout.postgresDir}.password`,
    layout.logsDir,
    layout.mailDir,
    ...services.map(layout.serviceDir),
  ];
}
