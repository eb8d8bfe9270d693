const day = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  timeZone: 'UTC',
});
const moment = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  timeZone: 'UTC',
});
const weekday = new Intl.DateTimeFormat('en-GB', {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  timeZone: 'UTC',
});
const number = new Intl.NumberFormat('en-GB');

/** `15 June 2004`; all dates of the site are UTC. */
export const dayOf = (date: Date): string => day.format(date);

/** `15 June 2004 at 06:00 UTC`. */
export const momentOf = (date: Date): string => `${moment.format(date)} UTC`;

/** `Tuesday 15 June 2004`. */
export const weekdayOf = (date: Date): string => weekday.format(date);

/** `2,031`. */
export const numberOf = (value: number): string => number.format(value);

/** `1 comment`, `2,031 comments`. */
export const countOf = (value: number, one: string, many: string): string =>
  `${numberOf(value)} ${value === 1 ? one : many}`;

/** Names as a sentence has them; with more than `most` the rest is counted: `A, B and 12 others`. */
export function namesOf(names: readonly string[], most = 3): string {
  const [first, second] = names;
  if (first === undefined) return '';
  if (second === undefined) return first;
  const shown = names.length > most ? names.slice(0, Math.max(1, most - 1)) : names.slice(0, -1);
  const rest = names.length - shown.length;
  const last = rest === 1 ? (names.at(-1) ?? '') : `${numberOf(rest)} others`;
  return `${shown.join(', ')} and ${last}`;
}

/** A text cut at a word, at most `most` characters and an ellipsis. */
export function clip(text: string, most: number): string {
  const flat = text.replace(/\s+/g, ' ').trim();
  if (flat.length <= most) return flat;
  const cut = flat.slice(0, most + 1);
  const space = cut.lastIndexOf(' ');
  // A pair of surrogates is one character: never half of it.
  return `${(space > most / 2 ? cut.slice(0, space) : cut.slice(0, most)).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
