import express from 'express';
import type { Request, RequestHandler } from 'express';
import type { Fault } from '@newscience/service-kit/problem';
import { ProblemError } from '@newscience/service-kit/problem';
import { z } from 'zod';
import type { AcctInt } from '../accounts/acct-int.ts';

/** Percent-encoding makes three bytes of one: the largest body of an article has to fit. */
const largestForm = '2mb';

const formBody = z.record(z.string(), z.union([z.string(), z.array(z.string())]));

/** What stands before the handler of each form: the parser, and the protection against forged requests. */
export function formChecks(acct: Pick<AcctInt, 'checkFormCsrf'>): RequestHandler[] {
  return [
    express.urlencoded({ extended: false, limit: largestForm, parameterLimit: 100 }),
    acct.checkFormCsrf,
  ];
}

/** The fields of a form that was sent; a field that is missing is empty, of one that came twice the last counts. */
export type Fields = (name: string) => string;

/** Throws `malformed_request` for a NUL character, which no database can store. */
export function fieldsOf(req: Request): Fields {
  const body = formBody.safeParse(req.body);
  const fields = new Map(body.success ? Object.entries(body.data) : []);
  return (name) => {
    const given = fields.get(name) ?? '';
    const value = typeof given === 'string' ? given : (given.at(-1) ?? '');
    if (value.includes('\0')) {
      throw new ProblemError({
        code: 'malformed_request',
        detail: 'The form contains a character that cannot be stored (NUL).',
      });
    }
    return value;
  };
}

/** Name of a form's field to what it is called on the page. */
export type Labels = Record<string, string>;

/** A form as a template shows it: what was typed, and all that is wrong with it. */
export type FormView = {
  values: Record<string, string>;
  /** By field, in the order of the form. */
  faults: { field: string; text: string }[];
  /** Where no field is to blame, or besides. */
  problem: string | null;
};

/** A form that nobody has sent yet. */
export function freshForm(values: Record<string, string> = {}): FormView {
  return { values, faults: [], problem: null };
}

/** What was typed, for showing it again. Leave passwords out of `names`. */
export function typed(fields: Fields, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, fields(name)]));
}

/** A sentence about one field: `Title is empty. Give the article a title.` */
function sentence(label: string, { problem, remedy }: Fault): string {
  const full = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`);
  const upper = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
  const start = /^[A-Z]/.test(problem) ? `${label}: ${problem}` : `${label} ${problem}`;
  return remedy === undefined ? full(start) : `${full(start)} ${full(upper(remedy))}`;
}

/**
 * The form again after it was refused. A fault belongs to the field that the first step of its pointer names;
 * `fieldOf` translates where the two are called differently. What belongs to no field becomes the problem.
 */
export function refusedForm(
  values: Record<string, string>,
  error: { detail: string; faults?: readonly Fault[] },
  labels: Labels,
  fieldOf: (pointer: string) => string = (pointer) => pointer.split('/')[1] ?? '',
): FormView {
  const placed = (error.faults ?? []).map((fault) => ({ fault, field: fieldOf(fault.pointer) }));
  const faults = Object.entries(labels).flatMap(([field, label]) =>
    placed
      .filter((entry) => entry.field === field)
      .map(({ fault }) => ({ field, text: sentence(label, fault) })),
  );
  const homeless = placed.some(({ field }) => !Object.hasOwn(labels, field));
  return { values, faults, problem: faults.length === 0 || homeless ? error.detail : null };
}
