import type { SiteError } from '@newscience/site-client/site-error';

import type { Options, Terminal } from './command-line.ts';
import type { Mark } from './ledger.ts';
import type { Ending, Outcome } from './run-import.ts';

export type Told = {
  file: string;
  options: Options;
  outcome: Outcome;
  begun: Mark;
  reportFile: string;
  seconds: number;
};

/** Says how an import ended: for people, or as one JSON object. */
export function tell(
  { file, options, outcome, begun, reportFile, seconds }: Told,
  { stdout, stderr }: Terminal,
): void {
  const { ending, mark, ignored } = outcome;
  const report = mark.rejected > 0 ? reportFile : null;
  const rounded = Math.round(seconds * 10) / 10;
  if (options.json) {
    const { line: lines, created, updated, unchanged, rejected } = mark;
    const detail = detailOf(ending);
    const result = {
      file,
      outcome: ending.kind,
      ...(detail === undefined ? {} : { detail }),
      dryRun: options.dryRun,
      lines,
      created,
      updated,
      unchanged,
      rejected,
      ignoredFields: Object.fromEntries(ignored),
      continuedAfterLine: begun.line,
      seconds: rounded,
      report,
    };
    stdout.write(`${JSON.stringify(result)}\n`);
    return;
  }
  for (const [field, lines] of ignored) {
    stderr.write(`Note: nothing is made of the field "${field}" (${count(lines)} lines).\n`);
  }
  stdout.write(`${summary(mark, options.dryRun)} (${rounded} s)\n`);
  if (report !== null) stdout.write(`Rejected lines and why: ${report}\n`);
  if (ending.kind === 'complete') {
    if (mark.created + mark.updated > 0)
      stdout.write('The search finds what is new after its next batch.\n');
    return;
  }
  if (options.dryRun && ending.kind === 'stopped') return;
  const where = `after line ${count(mark.line)}`;
  const again = 'Give the same command again to go on from there.';
  if (ending.kind === 'stopped') stderr.write(`Stopped ${where}. ${again}\n`);
  if (ending.kind === 'site-failed')
    stderr.write(`${sentence(ending.error)} Stopped ${where}. ${again}\n`);
  if (ending.kind === 'file-damaged') {
    stderr.write(
      `Ended ${where}: ${ending.detail}. Get the file anew and give the same command again.\n`,
    );
  }
}

function detailOf(ending: Ending): string | undefined {
  if (ending.kind === 'site-failed') return ending.error.detail;
  return ending.kind === 'file-damaged' ? ending.detail : undefined;
}

function summary(mark: Mark, dryRun: boolean): string {
  const { created, updated, unchanged, rejected } = mark;
  if (mark.line === 0) return 'The file has no lines: nothing to do.';
  if (dryRun)
    return `Checked ${count(mark.line)} lines: ${count(rejected)} would be rejected. Nothing was sent.`;
  if (created + updated + rejected === 0) {
    return `Nothing changed: all ${count(unchanged)} articles are as in the file.`;
  }
  return `${count(created)} created, ${count(updated)} updated, ${count(unchanged)} unchanged, ${count(rejected)} rejected.`;
}

/** A number with its thousands grouped. */
export const count = (value: number): string => value.toLocaleString('en');

/** What went wrong with the site, as a sentence. */
export function sentence(error: SiteError): string {
  const text = error.detail.charAt(0).toUpperCase() + error.detail.slice(1);
  return /[.!?)"]$/.test(text) ? text : `${text}.`;
}
