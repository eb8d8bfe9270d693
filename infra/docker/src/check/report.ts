import type { Memory } from './memory.ts';
import type { Service } from './stack.ts';
import type { Step } from './walk.ts';

/** What a check found out. */
export type Report = {
  readonly services: readonly (Service & { readonly memory: Memory | undefined })[];
  readonly steps: readonly Step[];
  readonly waitedMs: number;
};

/** Most bytes that all containers together may hold: 4 GB. */
export const mostBytes = 4_000_000_000;

export type Sum = {
  readonly bytes: number;
  readonly limitBytes: number;
  readonly measured: number;
};

/** The memory of all containers that run. */
export function sumOf({ services }: Pick<Report, 'services'>): Sum {
  const measured = services.flatMap(({ memory }) => (memory === undefined ? [] : [memory]));
  return {
    bytes: measured.reduce((sum, { bytes }) => sum + bytes, 0),
    limitBytes: measured.reduce((sum, { limitBytes }) => sum + limitBytes, 0),
    measured: measured.length,
  };
}

/** What is wrong, a sentence each; nothing where all is well. */
export function faultsOf(report: Report): string[] {
  const services = report.services.flatMap(({ service, standing, memory }) => {
    if (standing.kind === 'failed' || standing.kind === 'waiting')
      return [`${service} ${standing.detail}: see "docker compose logs ${service}".`];
    const unknown = standing.kind === 'ready' && memory === undefined;
    return unknown ? [`The memory of ${service} could not be measured.`] : [];
  });
  const steps = report.steps
    .filter(({ ok }) => !ok)
    .map(({ step, detail }) => `The walk failed at "${step}": ${detail}`);
  const { bytes } = sumOf(report);
  const tooMuch = bytes < mostBytes ? [] : [`All together hold ${mb(bytes)}: 4000 MB or more.`];
  return [...services, ...steps, ...tooMuch];
}

/** The report for a person: a table of services, the walk, what is wrong. */
export function textOf(report: Report): string {
  const { services, steps, waitedMs } = report;
  const running = services.filter(({ standing }) => standing.kind !== 'done');
  const rows = running.map(({ service, standing, memory }) => [
    service,
    standing.kind === 'ready'
      ? 'ready'
      : `${standing.kind}: ${'detail' in standing ? standing.detail : ''}`,
    ...(memory === undefined ? ['-', '-', '-'] : memoryCells(memory)),
  ]);
  const sum = sumOf(report);
  const last = ['all', '', ...(sum.measured === 0 ? ['-', '-', '-'] : memoryCells(sum))];
  const done = services.filter(({ standing }) => standing.kind === 'done');
  return [
    table([['SERVICE', 'STATE', 'MEMORY', 'LIMIT', 'SHARE'], ...rows, last]),
    `Done and ended: ${done.map(({ service }) => service).join(', ') || 'none'}.`,
    '',
    ...steps.map(({ step, ok, detail, ms }) => `${ok ? '✓' : '✗'} ${step}: ${detail} (${ms} ms)`),
    '',
    ...faultsOf(report).map((fault) => `✗ ${fault}`),
    ...(faultsOf(report).length === 0
      ? [`All is well, after ${(waitedMs / 1000).toFixed(0)} s of waiting.`]
      : []),
  ].join('\n');
}

/** The report for a program. */
export function jsonOf(report: Report): Readonly<Record<string, unknown>> {
  const faults = faultsOf(report);
  return {
    ok: faults.length === 0,
    faults,
    waitedMs: report.waitedMs,
    services: report.services.map(({ service, standing, memory }) => ({
      service,
      ...standing,
      ...memory,
    })),
    walk: report.steps,
    memory: { ...sumOf(report), mostBytes },
  };
}

function memoryCells({ bytes, limitBytes }: Memory): string[] {
  return [mb(bytes), mb(limitBytes), `${Math.round((bytes / limitBytes) * 100)} %`];
}

const mb = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;

/** Columns side by side; numbers to the right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return column < 2 ? cell.padEnd(width) : cell.padStart(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
