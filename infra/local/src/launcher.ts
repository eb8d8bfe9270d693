import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { clearLeftBehind } from '@newscience/embedded-postgres/left-behind';

import { closingRows, closingTable } from './closing-table.ts';
import { makeFolders, openDataFolder } from './data-folder.ts';
import { adminUrlOf } from './databases.ts';
import { untilHealthy } from './health-probe.ts';
import { layoutOf } from './layout.ts';
import type { Lock } from './lock.ts';
import { boundLog, rotateLog } from './log-files.ts';
import type { Options } from './options.ts';
import { assertPortsFree } from './ports.ts';
import { keepProcesses, postgres, type Processes } from './processes.ts';
import type { Progress } from './progress.ts';
import { Refusal, refusalOf } from './refusal.ts';
import { type Question, resetData } from './reset.ts';
import { defaultRestartPolicy } from './restart-policy.ts';
import { runningPostgres, runningService } from './running.ts';
import {
  busName,
  postgresOffset,
  type Service,
  type Site,
  type Surroundings,
} from './service-list.ts';
import { migrationsOf, surroundingsOf } from './surroundings.ts';
import {
  importCorpus,
  loadSample,
  migrateDatabase,
  prepareDatabases,
  prepareService,
  type TaskContext,
} from './tasks.ts';

export type LauncherOptions = {
  readonly options: Options;
  readonly site: Site;
  /** Folder of the clone. */
  readonly root: string;
  readonly progress: Progress;
  readonly question: Question;
};

export type Launcher = {
  /** @throws Refusal where the site cannot run; `stop` then ends what was started already */
  readonly start: () => Promise<void>;
  /** Ends everything in the reverse order of the start. */
  readonly stop: () => Promise<void>;
};

const READY_MS = 120_000;
const FRONT_PAGE_MS = 30_000;
const POSTGRES_STOP_MS = 1800;
const LOG_CHECK_MS = 60_000;
const LARGEST_LOG_BYTES = 64 * 1024 * 1024;

/** Builds what `npm start` does: every process of one site, started in order, kept running, stopped in order. */
export function createLauncher(given: LauncherOptions): Launcher {
  const { options, site, root, progress, question } = given;
  const { restartPolicy: policy = defaultRestartPolicy, postgresSettings = {} } = site;
  const { port } = options;
  const layout = layoutOf(options.dataDir);
  const names = site.services.map(({ name }) => name);
  const shared = site.bus === undefined ? [] : [busName];
  const logs = [postgres, 'launcher', 'sample', 'import', ...shared, ...names].map(layout.logFile);
  const stopping = new AbortController();
  const context: TaskContext = { layout, root, progress, signal: stopping.signal };
  let lock: Lock | undefined;
  let processes: Processes | undefined;
  let logCheck: NodeJS.Timeout | undefined;
  let starting: Promise<void> = Promise.resolve();

  /** One step of the start. None begins after `stop` was called. */
  const during = async <T>(name: string, title: string, work: () => Promise<T>): Promise<T> => {
    stopping.signal.throwIfAborted();
    const step = progress.step(name, title);
    try {
      const value = await work();
      stopping.signal.throwIfAborted();
      step.done();
      return value;
    } catch (error) {
      step.failed();
      throw error;
    }
  };

  const prepareFolder = async (): Promise<Lock> => {
    if (options.corpus !== undefined && !existsSync(options.corpus)) {
      throw new Refusal(
        `There is no file ${options.corpus} to import: check the path after --corpus.`,
        2,
      );
    }
    lock = await openDataFolder(layout, progress.say);
    // A killed launcher's server ends a moment after it: before its data is reset and its port is looked at.
    await clearLeftBehind(layout.postgresDir);
    if (options.reset) await resetData(layout, names, options.yes, question);
    const ports = site.services.flatMap((service) => service.ports);
    await assertPortsFree(
      [...ports, { offset: postgresOffset, purpose: 'PostgreSQL' }].map(({ offset, purpose }) => ({
        port: port + offset,
        purpose,
      })),
    );
    makeFolders(layout, names);
    for (const log of logs) rotateLog(log);
    return lock;
  };

  const startPostgres = async (all: Processes): Promise<string> => {
    let adminUrl = '';
    const server = {
      dataDir: layout.postgresDir,
      port: port + postgresOffset,
      logFile: layout.logFile(postgres),
      secretFile: layout.secretFile('postgres'),
      settings: postgresSettings,
    };
    await all.start({
      name: postgres,
      launch: () => runningPostgres(server, (url) => (adminUrl = url)),
      stopWithinMs: POSTGRES_STOP_MS,
      readyWithinMs: READY_MS,
    });
    return adminUrl;
  };

  const startService = (
    all: Processes,
    service: Service,
    surroundings: Surroundings,
  ): Promise<void> =>
    during(service.name, service.name, () => {
      const child = {
        main: join(root, service.main),
        env: service.env(surroundings),
        cwd: root,
        logFile: layout.logFile(service.name),
      };
      return all.start({
        name: service.name,
        launch: () => runningService(child, service.healthUrl(port)),
        stopWithinMs: service.stopWithinMs,
        readyWithinMs: READY_MS,
      });
    });

  const startServices = async (
    all: Processes,
    around: (service: string) => Surroundings,
  ): Promise<void> => {
    const sampled = site.services.find(({ name }) => name === site.sample?.service);
    const starts = site.services.map((service) => startService(all, service, around(service.name)));
    const sample =
      sampled === undefined ? [] : [loadSample(context, site, sampled.env(around(sampled.name)))];
    await Promise.all([...starts, ...sample]);
  };

  const startAll = async (): Promise<void> => {
    const all = keepProcesses({
      site,
      port,
      layout,
      policy,
      progress,
      lock: await prepareFolder(),
    });
    processes = all;
    const adminUrl = await during(postgres, 'PostgreSQL', () => startPostgres(all));
    const migrations = migrationsOf(site, adminUrl, layout);
    const launch = { site, port, layout, adminUrl, migrations };
    const around = (service: string) => surroundingsOf(launch, service);
    await during('databases', 'databases and roles', () => {
      const databases = migrations.map(({ database }) => database);
      return prepareDatabases(context, adminUrl, databases);
    });
    await during('migrations', 'migrations', async () => {
      await Promise.all(migrations.map((migration) => migrateDatabase(context, migration)));
      for (const { name, prepare } of site.services) {
        if (prepare === undefined) continue;
        const asAdmin = (database: string) => adminUrlOf(adminUrl, database);
        const env = prepare.env({ ...around(name), adminUrl: asAdmin });
        await prepareService(context, name, prepare, env);
      }
    });
    await startServices(all, around);
    await during('site', 'front page', async () => {
      const limit = AbortSignal.any([stopping.signal, AbortSignal.timeout(FRONT_PAGE_MS)]);
      if (await untilHealthy(`${site.url(port)}/`, limit)) return;
      throw new Refusal(
        `New Science started, but its front page does not answer 200: see the logs in ${layout.logsDir}.`,
      );
    });
    all.announce();
    if (options.corpus !== undefined && site.importer !== undefined) {
      await importCorpus(context, site.importer, options.corpus, options.json);
    }
    stopping.signal.throwIfAborted();
    logCheck = setInterval(
      () => logs.forEach((log) => boundLog(log, LARGEST_LOG_BYTES)),
      LOG_CHECK_MS,
    );
    progress.ready(closingTable(closingRows(site, port, layout)), site.url(port), {
      operatorUrl: site.operatorUrl(port),
      data: layout.dataDir,
      logs: layout.logsDir,
      credentials: layout.credentialsFile,
      pid: process.pid,
      processes: all.list(),
    });
  };

  return {
    start: () => {
      starting = startAll().catch((error: unknown) => {
        throw stopping.signal.aborted
          ? new Refusal('Stopped before the start was complete.')
          : refusalOf(error, layout.dataDir);
      });
      return starting;
    },
    stop: async () => {
      stopping.abort();
      lock?.stopping();
      clearInterval(logCheck);
      await processes?.stop();
      await starting.catch(() => undefined);
      lock?.release();
    },
  };
}
