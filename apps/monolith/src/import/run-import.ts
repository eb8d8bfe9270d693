import type { Fault } from '@newscience/service-kit/problem';
import type { SiteError } from '@newscience/site-client/site-error';

import type { Ledger, Mark } from './ledger.ts';
import { clip, readLine } from './line.ts';
import type { RawLine } from './lines.ts';
import type { Progress } from './progress.ts';
import type { RejectReport } from './rejects.ts';
import type { SendBatch } from './send-batch.ts';
import { MAX_LINE_BYTES, SourceDamaged, type Source } from './source.ts';

/** A batch is sent when it has so many lines, or before it would have so many bytes. */
const BATCH_LINES = 100;
const BATCH_BYTES = 4 * 1024 * 1024;

/** After so many lines without a batch the ledger says how far the import is. */
const MARK_EVERY_LINES = 1_000;

/** How an import came to its end. Each but the first leaves a ledger from which it goes on. */
export type Ending =
  | { kind: 'complete' }
  | { kind: 'stopped' }
  | { kind: 'site-failed'; error: SiteError }
  | { kind: 'file-damaged'; detail: string };

export type Outcome = {
  ending: Ending;
  mark: Mark;
  /** Fields that nothing was made of, with the number of lines that have them. */
  ignored: ReadonlyMap<string, number>;
};

export type ImportDeps = {
  source: Source;
  ledger: Ledger;
  report: RejectReport;
  progress: Progress;
  /** Undefined: lines are checked and go nowhere. */
  send: SendBatch | undefined;
  signal: AbortSignal;
  now: () => Date;
};

type Item = { line: number; id: string; text: string };
type Batch = { items: Item[]; bytes: number; rejects: [number, string | undefined, Fault[]][] };

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const BOM = '\ufeff';

/**
 * Brings a file into a site: reads, checks and sends one batch after the other, so that the file is never
 * read ahead of the site. Goes on behind the ledger's mark. What it holds does not grow with the file.
 */
export async function runImport(deps: ImportDeps): Promise<Outcome> {
  const { source, ledger, progress, signal } = deps;
  const ignored = new Map<string, number>();
  let batch = emptyBatch();
  let line = 0;
  const outcome = (ending: Ending): Outcome => ({ ending, mark: ledger.mark, ignored });
  const flush = async (): Promise<SiteError | null> => {
    const failed = await sendAndMark(deps, batch, line);
    batch = emptyBatch();
    return failed;
  };
  const show = (): void => {
    progress.update({ readBytes: source.readBytes(), lines: line, rejected: ledger.mark.rejected });
  };

  try {
    for await (const raw of source.lines()) {
      if (line < ledger.mark.line) {
        line += 1;
        continue;
      }
      if (signal.aborted) return outcome({ kind: 'stopped' });
      const full = batch.items.length >= BATCH_LINES || batch.bytes + sizeOf(raw) > BATCH_BYTES;
      if (full || line - ledger.mark.line >= MARK_EVERY_LINES) {
        const failed = await flush();
        if (failed !== null) return outcome(endingOf(failed, signal));
      }
      line += 1;
      check(raw, line, batch, ledger, ignored, deps.now());
      show();
    }
  } catch (error) {
    if (!(error instanceof SourceDamaged)) throw error;
    const failed = await flush();
    return outcome(
      failed === null ? { kind: 'file-damaged', detail: error.message } : endingOf(failed, signal),
    );
  }
  const failed = await flush();
  show();
  return outcome(failed === null ? { kind: 'complete' } : endingOf(failed, signal));
}

const emptyBatch = (): Batch => ({ items: [], bytes: 0, rejects: [] });

const sizeOf = (raw: RawLine): number => (raw.kind === 'line' ? raw.bytes.length : 0);

const endingOf = (error: SiteError, signal: AbortSignal): Ending =>
  signal.aborted ? { kind: 'stopped' } : { kind: 'site-failed', error };

function check(
  raw: RawLine,
  line: number,
  batch: Batch,
  ledger: Ledger,
  ignored: Map<string, number>,
  now: Date,
): void {
  const reject = (id: string | undefined, faults: Fault[]): void => {
    batch.rejects.push([line, id, faults]);
  };
  if (raw.kind === 'too-long') {
    const value = clip(raw.start.toString('utf8').toWellFormed());
    const remedy = `Give at most ${MAX_LINE_BYTES} bytes a line.`;
    reject(undefined, [{ pointer: '', value, problem: `has ${raw.length} bytes`, remedy }]);
    return;
  }
  const text = decoded(raw.bytes, line);
  if (text === null) {
    const value = clip(raw.bytes.toString('utf8'));
    const remedy = 'Encode the line as UTF-8.';
    reject(undefined, [{ pointer: '', value, problem: 'is no valid UTF-8', remedy }]);
    return;
  }
  if (text.trim() === '') return;
  const read = readLine(text, now);
  if (!read.ok) {
    reject(undefined, read.error);
    return;
  }
  const id = read.value.put.artRef;
  const before = ledger.see(id, line);
  if (before !== null) {
    const problem = `is the id of line ${before} too`;
    reject(id, [{ pointer: '/id', value: id, problem, remedy: 'Leave one of the two out.' }]);
    return;
  }
  for (const field of read.value.ignored) ignored.set(field, (ignored.get(field) ?? 0) + 1);
  batch.items.push({ line, id, text });
  batch.bytes += raw.bytes.length;
}

function decoded(bytes: Buffer, line: number): string | null {
  try {
    const text = utf8.decode(bytes);
    return line === 1 && text.startsWith(BOM) ? text.slice(1) : text;
  } catch {
    return null;
  }
}

/** Sends what there is, writes the rejected lines down in their order, and marks all up to `line` as done. */
async function sendAndMark(
  { ledger, report, send }: ImportDeps,
  batch: Batch,
  line: number,
): Promise<SiteError | null> {
  const counts = { created: 0, updated: 0, unchanged: 0 };
  if (send !== undefined && batch.items.length > 0) {
    const answer = await send(batch.items.map(({ text }) => text));
    if (!answer.ok) return answer.error;
    for (const [index, { outcome, faults }] of answer.value.entries()) {
      const item = batch.items[index];
      if (outcome !== 'rejected') counts[outcome] += 1;
      else if (item !== undefined) batch.rejects.push([item.line, item.id, givenFaults(faults)]);
    }
  }
  batch.rejects.sort(([a], [b]) => a - b);
  for (const [at, id, faults] of batch.rejects) report.add(at, id, faults);
  const { mark } = ledger;
  ledger.commit({
    line: Math.max(line, mark.line),
    created: mark.created + counts.created,
    updated: mark.updated + counts.updated,
    unchanged: mark.unchanged + counts.unchanged,
    rejected: mark.rejected + batch.rejects.length,
    reportBytes: report.bytes(),
  });
  return null;
}

type Given = readonly {
  pointer: string;
  value?: unknown;
  problem: string;
  remedy?: string | undefined;
}[];

function givenFaults(faults: Given | undefined): Fault[] {
  if (faults === undefined || faults.length === 0) {
    return [{ pointer: '', problem: 'the site rejected it and did not say why' }];
  }
  return faults.map(({ remedy, ...fault }) =>
    remedy === undefined ? fault : { ...fault, remedy },
  );
}
