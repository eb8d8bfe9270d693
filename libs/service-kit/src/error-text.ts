/// <reference lib="esnext.error" />

/** Whether something thrown is an error, also one from another realm (a worker, a test's sandbox). */
export const isError = (thrown: unknown): thrown is Error => Error.isError(thrown);

/** The `code` that Node and PostgreSQL give their errors, or an empty text. */
export const codeOf = (thrown: unknown): string =>
  isError(thrown) && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';

/** Something to show for whatever was thrown; some errors have a code but no message. */
export function messageOf(thrown: unknown): string {
  if (!isError(thrown)) return String(thrown);
  return thrown.message || codeOf(thrown) || thrown.name;
}
