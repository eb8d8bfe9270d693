import { accessSync, constants, mkdirSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { findSite } from '@newscience/site-client/find-site';
import { SiteClient } from '@newscience/site-client/site-client';
import type { SiteError } from '@newscience/site-client/site-error';
import { CommanderError } from 'commander';

import { importProgram, type Options, type Terminal } from './command-line.ts';
import { ledgerFile, openLedger } from './ledger.ts';
import { createProgress, duration, type Progress } from './progress.ts';
import { rejectReport } from './rejects.ts';
import { runImport } from './run-import.ts';
import { sendBatchTo, type SendBatch } from './send-batch.ts';
import { codeOf, openSource } from './source.ts';
import { count, sentence, tell } from './telling.ts';

/** Exit codes of `npm run import`. */
export const exitCodes = { done: 0, rejected: 1, usage: 2, unfinished: 3, damaged: 4 } as const;

/** Runs the command line; `args` without node and file. Never rejects for what a user or the site can do. */
export async function importCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  let code: number = exitCodes.done;
  try {
    await importProgram(async (file, options) => {
      code = await importFile(file, options, terminal);
    }, terminal).parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  }
  return code;
}

async function importFile(name: string, options: Options, terminal: Terminal): Promise<number> {
  const { stderr, signal } = terminal;
  const fail = (text: string, code: number): number => {
    stderr.write(`${text}\n`);
    return code;
  };
  const { file, folder, reportFile } = pathsOf(name, options, terminal);
  const source = await openSource(file);
  if (!source.ok) return fail(source.error, exitCodes.usage);
  const unwritable = reportFault(reportFile);
  if (unwritable !== null) return fail(unwritable, exitCodes.usage);

  const { size, changedMs } = source.value;
  const progress = createProgress(stderr, size, Date.now);
  const target = options.dryRun ? null : await findTarget(options, terminal, progress);
  if (target !== null && !target.ok) {
    progress.stop();
    return fail(sentence(target.error), exitCodes.unfinished);
  }
  const kind = target === null ? ['dry-run', process.pid] : [target.url];
  const ledger = openLedger(ledgerFile(folder, [file, size, changedMs, ...kind]), {
    fresh: options.restart || options.dryRun,
  });
  if (!ledger.ok) {
    progress.stop();
    return fail(ledger.error, exitCodes.usage);
  }
  const begun = ledger.value.mark;
  if (begun.line > 0) {
    progress.say(`Going on after line ${count(begun.line)}, where an earlier run was stopped.`);
  }
  // A list that an earlier import left would pass for this one's.
  if (begun.line === 0 && options.report === undefined) rmSync(reportFile, { force: true });
  const report = rejectReport(reportFile, begun.reportBytes);
  const started = performance.now();
  const outcome = await runImport({
    source: source.value,
    ledger: ledger.value,
    report,
    progress,
    send: target?.send,
    signal,
    now: () => new Date(),
  });
  progress.stop();
  report.close();
  const { ending, mark } = outcome;
  ledger.value.close(
    ending.kind === 'complete' || ending.kind === 'file-damaged' || options.dryRun
      ? 'remove'
      : 'keep',
  );
  const told = {
    file,
    options,
    outcome,
    begun,
    reportFile,
    seconds: (performance.now() - started) / 1000,
  };
  tell(told, terminal);
  if (ending.kind === 'file-damaged') return exitCodes.damaged;
  if (ending.kind !== 'complete') return exitCodes.unfinished;
  return mark.rejected > 0 && !options.allowRejects ? exitCodes.rejected : exitCodes.done;
}

function pathsOf(name: string, options: Options, { env, cwd }: Terminal) {
  // npm changes into the repository's folder; names are meant from where it was called.
  const calledFrom = env['INIT_CWD'] ?? cwd;
  const file = resolve(calledFrom, name);
  const data = options.data ?? nonEmpty(env['NEWSCIENCE_DATA']) ?? '.newscience';
  const folder = join(resolve(cwd, data), 'import');
  const title = basename(file).replace(/\.(jsonl|ndjson|json)?(\.gz)?$/, '');
  const reportFile =
    options.report === undefined
      ? join(folder, `${title}.rejected.jsonl`)
      : resolve(calledFrom, options.report);
  return { file, folder, reportFile };
}

type Target = { ok: true; url: string; send: SendBatch } | { ok: false; error: SiteError };

async function findTarget(
  options: Options,
  terminal: Terminal,
  progress: Progress,
): Promise<Target> {
  const { env, cwd, signal } = terminal;
  const site = await findSite({
    role: 'editor',
    url: options.url,
    dataDir: options.data,
    env,
    cwd,
  });
  if (!site.ok) return site;
  const { url } = site.value;
  if (url === undefined) {
    const detail = 'the address of the site is not known: name it with --url or NEWSCIENCE_URL';
    return { ok: false, error: { code: 'site_not_found', detail } };
  }
  const send = sendBatchTo({
    client: new SiteClient(site.value),
    retryForMs: options.retryFor * 1000,
    signal,
    waiting: (error, leftMs) => {
      progress.say(
        `${sentence(error)} Trying again for ${duration(Math.ceil(leftMs / 1000))} more.`,
      );
    },
  });
  return { ok: true, url, send };
}

/** Found before anything is sent, not when the first line is rejected. */
function reportFault(file: string): string | null {
  try {
    mkdirSync(dirname(file), { recursive: true });
    accessSync(dirname(file), constants.W_OK);
    return null;
  } catch (error) {
    return `The report cannot be written to ${file} (${codeOf(error)}). Name another file with --report.`;
  }
}

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text);
