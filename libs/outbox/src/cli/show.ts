import type { SiteError } from '@newscience/site-client/site-error';
import { columns, printable } from '@newscience/site-client/terminal-text';

import type { Deed, Gathered, LagItem, Letter, WholeLetter } from './event-client.ts';
import type { Activity } from './tail.ts';

/** Most characters of a cause in a table. */
const SHORT = 80;

/** One row for each topic of a group: partitions are a matter for `--json`. */
export function lagText({ items }: Gathered<LagItem>): string {
  if (items.length === 0) return 'No group has consumed anything yet.';
  const rows = new Map<string, { at: string[]; behind: number[] }>();
  for (const { service, group, topic, behind } of items) {
    const at = [service, group, topic];
    const row = rows.get(at.join('\n')) ?? { at, behind: [] };
    row.behind.push(behind);
    rows.set(at.join('\n'), row);
  }
  const header = ['SERVICE', 'GROUP', 'TOPIC', 'PARTITIONS', 'BEHIND', 'MOST IN ONE'];
  const lines = [...rows.values()].map(({ at, behind }) => [
    ...at,
    ...[behind.length, behind.reduce((sum, one) => sum + one, 0), Math.max(...behind)].map(String),
  ]);
  return columns([header, ...lines]);
}

export function lettersText({ items, more }: Gathered<Letter>): string {
  if (items.length === 0) return 'There are no dead letters.';
  const header = ['ID', 'LAST FAILED', 'CONSUMER', 'TYPE', 'KEY', 'ATTEMPTS', 'CAUSE'];
  const rows = items.map((letter) => [
    letter.id,
    letter.lastFailedAt,
    letter.consumer,
    letter.type,
    letter.key,
    String(letter.attempts),
    short(letter.cause),
  ]);
  return columns([header, ...rows]) + moreText(more);
}

export function letterText(letter: WholeLetter): string {
  const facts = columns([
    ['Dead letter', letter.id],
    ['Consumer', letter.consumer],
    ['Event', `${letter.eventId} of ${letter.source}`],
    ['Type', letter.type],
    ['Key', letter.key],
    ['Place', `${letter.topic}, partition ${letter.partition}, position ${letter.position}`],
    ['Attempts', `${letter.attempts}, from ${letter.firstFailedAt} to ${letter.lastFailedAt}`],
    ['Cause', letter.cause],
  ]);
  const event = JSON.stringify(letter.event, null, 2).split('\n').map(printable).join('\n');
  return `${facts}\n\n${event}`;
}

export function auditText({ items, more }: Gathered<Deed>): string {
  if (items.length === 0) return 'Nothing has been done about dead letters yet.';
  const header = ['WHEN', 'WHO', 'WHAT', 'DEAD LETTER', 'EVENT', 'WHY'];
  const rows = items.map(({ at, by, action, service, deadLetter, why }) => [
    at,
    by.name,
    action,
    `${service}/${deadLetter.id}`,
    deadLetter.eventId,
    why ?? '-',
  ]);
  return columns([header, ...rows]) + moreText(more);
}

export function activityText({ time, type, subject, summary }: Activity): string {
  return printable(`${time}  ${type}  ${subject}  ${summary}`);
}

/** What went wrong and what to do, for a person. */
export function errorText(error: SiteError): string {
  const faults = 'refusal' in error ? error.refusal.faults : [];
  const lines = faults.map(({ pointer, problem, remedy }) =>
    printable(`  ${pointer}: ${problem}${remedy === undefined ? '' : `. Remedy: ${remedy}`}`),
  );
  return [printable(error.detail), ...lines].join('\n');
}

const short = (text: string): string =>
  text.length > SHORT ? `${text.slice(0, SHORT - 1)}…` : text;

const moreText = (more: readonly string[]): string =>
  more.length === 0 ? '' : `\n\nOlder ones: ${more.map((name) => `--before ${name}`).join(', ')}`;
