import type { z } from 'zod';

/**
 * Why a legacy row cannot be told to others.
 *
 * - `row_unreadable`: a column holds something that it must not hold
 * - `reference_missing`: a row that it points to is not there
 * - `event_refused`: what it would become breaks the contract of the event, or is too large
 */
export type Rejection = {
  readonly code: 'row_unreadable' | 'reference_missing' | 'event_refused';
  readonly detail: string;
  /** Column and problem, never the value: it may be personal. */
  readonly faults: readonly { readonly column: string; readonly problem: string }[];
};

export type Translated<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Rejection };

export const translated = <T>(value: T): Translated<T> => ({ ok: true, value });

export const rejected = (
  code: Rejection['code'],
  detail: string,
  faults: Rejection['faults'] = [],
): { readonly ok: false; readonly error: Rejection } => ({
  ok: false,
  error: { code, detail, faults },
});

/** A row's faults as data. */
export function unreadable(table: string, error: z.ZodError) {
  const faults = error.issues.map(({ path, message }) => ({
    column: path.map(String).join('.') || '(row)',
    problem: message,
  }));
  const shown = faults.slice(0, 5).map(({ column, problem }) => `${column} ${problem}`);
  return rejected(
    'row_unreadable',
    `A row of ${table} cannot be read: ${shown.join('; ')}.`,
    faults,
  );
}
