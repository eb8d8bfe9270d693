import type { ActivityFilter } from '../activity.ts';

/** The conditions of a filter in SQL; each `$n` is the place of its value among `values`, which grows. */
export function conditionsOf(filter: ActivityFilter, values: unknown[]): string[] {
  const value = (given: unknown): string => `$${values.push(given)}`;
  const { type, context, subject, trace, from, to } = filter;
  const conditions: string[] = [];
  if (type?.includes('*') === true)
    conditions.push(`type LIKE ${value(type.replace(/[\\%_]/g, '\\$&').replaceAll('*', '%'))}`);
  else if (type !== undefined) conditions.push(`type = ${value(type)}`);
  if (context !== undefined) conditions.push(`context = ${value(context)}`);
  if (subject !== undefined) conditions.push(`subject = ${value(subject)}`);
  if (trace !== undefined) conditions.push(`trace_id = ${value(trace)}`);
  if (from !== undefined) conditions.push(`"time" >= ${value(new Date(from))}`);
  if (to !== undefined) conditions.push(`"time" < ${value(new Date(to))}`);
  return conditions;
}
