import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { type ChildOptions, type Exit, exitText, runTask, runVisibly } from './child.ts';
import type { Database } from './databases.ts';
import type { Layout } from './layout.ts';
import type { Progress } from './progress.ts';
import { diskFull, isDiskFull, Refusal } from './refusal.ts';
import type { Preparation, Site } from './service-list.ts';

/** What the short processes of a start need. */
export type TaskContext = {
  readonly layout: Layout;
  /** Folder of the clone. */
  readonly root: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
};

/** A database with what brings it up to date. */
export type Migration = {
  /** Of the service, or of what services share. */
  readonly name: string;
  /** Path from the root of the clone. */
  readonly migrate: string;
  readonly database: Database;
};

/** Makes the databases and roles that are missing, and closes all of them to everybody else. */
export async function prepareDatabases(
  context: TaskContext,
  adminUrl: string,
  databases: readonly Database[],
): Promise<void> {
  const wanted = databases.map(({ database, owner, app }) => ({ database, owner, app }));
  await mustSucceed(context, 'The databases could not be prepared', {
    main: join(import.meta.dirname, 'prepare-databases.ts'),
    env: { ADMIN_URL: adminUrl, DATABASES: JSON.stringify(wanted) },
    cwd: context.root,
    logFile: context.layout.logFile('launcher'),
  });
}

/** Brings one database up to date, as its owner. */
export async function migrateDatabase(
  context: TaskContext,
  { name, migrate, database }: Migration,
): Promise<void> {
  await mustSucceed(context, `The database of ${name} could not be brought up to date`, {
    main: join(context.root, migrate),
    env: { DATABASE_URL: database.ownerUrl, APP_ROLE: database.app.name },
    cwd: context.root,
    logFile: context.layout.logFile(name),
  });
}

/** Does what has to be done outside of a service's own database before it can start. */
export async function prepareService(
  context: TaskContext,
  service: string,
  { main, failure }: Preparation,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const { root, layout } = context;
  const logFile = layout.logFile(service);
  await mustSucceed(context, failure, { main: join(root, main), env, cwd: root, logFile });
}

/**
 * Loads the sample articles, once in the life of a data folder: whoever removes one does not get it back.
 * Without them the site works, so a failure is told and not fatal.
 */
export async function loadSample(
  context: TaskContext,
  { sample }: Site,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const { layout, root, progress, signal } = context;
  if (sample === undefined || existsSync(layout.samplesMark)) return;
  const step = progress.step('samples', 'sample articles');
  const logFile = layout.logFile('sample');
  const result = await runTask({ main: join(root, sample.main), env, cwd: root, logFile }, signal);
  if (result.ok) {
    writeFileSync(layout.samplesMark, `${new Date().toISOString()}\n`);
    step.done();
  } else {
    step.failed(
      `they could not be loaded (${exitText(result.exit)}), and the next start tries again: see ${logFile}`,
    );
  }
}

/** Imports a file of articles into the running site. What it rejects is told by it and not fatal here. */
export async function importCorpus(
  context: TaskContext,
  importer: string,
  file: string,
  json: boolean,
): Promise<void> {
  const { layout, root, progress, signal } = context;
  const child: ChildOptions = {
    main: join(root, importer),
    args: [file, '--data', layout.dataDir],
    env: {},
    cwd: root,
    logFile: layout.logFile('import'),
  };
  const failed = (exit: Exit): string =>
    `the import ended with ${exitText(exit)}; repeat it with: npm run import -- ${file}`;
  if (json) {
    const step = progress.step('corpus', `import of ${file}`);
    const { ok, exit } = await runTask(child, signal);
    if (ok) step.done();
    else step.failed(failed(exit));
    return;
  }
  // The importer shows its own progress.
  progress.say(`\nImporting ${file}`);
  const exit = await runVisibly(child, signal);
  if (exit.code !== 0) progress.say(`✗ ${failed(exit)}`);
}

async function mustSucceed(
  context: TaskContext,
  failure: string,
  child: ChildOptions,
): Promise<void> {
  const { ok, exit, lastLines } = await runTask(child, context.signal);
  context.signal.throwIfAborted();
  if (ok) return;
  if (lastLines.some(isDiskFull)) throw diskFull(context.layout.dataDir);
  const reason = lastLines.at(-1) ?? exitText(exit);
  throw new Refusal(`${failure} (${reason}): see ${child.logFile}, then start again.`);
}
