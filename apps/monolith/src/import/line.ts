import type { Fault } from '@newscience/service-kit/problem';
import { err, ok, type Result } from '@newscience/service-kit/result';
import { z } from 'zod';

import type { ArtPut } from '../articles/art-int.ts';
import {
  bytesOf,
  isCleanText,
  isReference,
  isWebLink,
  keywordSeparator,
  limits,
  normaliseBody,
} from '../articles/domain/text.ts';

/** One line of an import, ready for `ArtInt.impArt` but for its section, which is a name here. */
export type ImpLine = {
  put: Omit<ArtPut, 'sectCd'> & { artRef: string };
  /** Name of the section. */
  sectNm: string;
  pubTs: Date;
  /** Fields of the line that nothing was made of. */
  ignored: string[];
};

/** The section of articles that name none. */
export const NO_SECTION = 'Unsorted';

/** What a fault shows of a value, in characters. */
const SHOWN = 100;

/** An opening or closing tag or a comment, as against `p < 0.05` and `a <-> b`. */
const TAG = /<(?:\/?[a-z][a-z0-9-]*(?:[\s/][^<>]*)?|!--[^]*?--|![a-z][^<>]*)>/iu;

const rule = (check: (text: string) => boolean, problem: string, remedy: string) =>
  [check, { error: problem, params: { remedy } }] as const;

const filled = rule((text) => text.trim() !== '', 'is empty', 'Give a text.');
const clean = rule(
  (text) => isCleanText(text.trim(), false),
  'has control characters or broken Unicode',
  'Give plain text in one line.',
);
const plain = rule(
  // What is far too long is refused for that; the pattern could take long on it.
  (text) => text.length > limits.summary || !TAG.test(text),
  'contains an HTML tag',
  'Give plain text; a less-than sign may stand alone.',
);
const webLink = rule(
  (text) => isWebLink(text.trim()),
  'is no web address',
  'Give an absolute http or https address.',
);

const line = (max: number) =>
  z
    .string()
    .max(max)
    .refine(...clean);
const optional = line(limits.name).nullish();
const names = (most: number) => z.array(line(limits.name).refine(...filled)).max(most);

const isDay = (text: string): boolean => {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
};

const article = z.object({
  id: z
    .string()
    .refine(
      ...rule(
        isReference,
        'has the wrong form',
        `Use a-z, 0-9, dot, underscore and hyphen, at most ${limits.reference} characters.`,
      ),
    ),
  title: line(limits.title)
    .refine(...filled)
    .refine(...plain),
  kicker: line(limits.kicker)
    .refine(...plain)
    .nullish(),
  summary: line(limits.summary).nullish(),
  author: z.string().nullish(),
  authors: names(limits.authors).min(1),
  publishedAt: z
    .string()
    .refine(...rule(isDay, 'is no date', 'Give a day of the calendar as YYYY-MM-DD.')),
  topics: names(limits.topics).nullish(),
  section: line(limits.name)
    .refine(...filled)
    .nullish(),
  body: z
    .string()
    .refine(...filled)
    .refine(
      ...rule(
        (text) => isCleanText(text.replace(/\r/g, ''), true),
        'has control characters or broken Unicode',
        'Give plain text.',
      ),
    )
    .refine(
      ...rule(
        (text) => bytesOf(normaliseBody(text)) <= limits.bodyBytes,
        'is too long',
        `Give at most ${limits.bodyBytes} bytes of UTF-8.`,
      ),
    ),
  keywords: z
    .array(
      line(limits.name)
        .refine(...filled)
        .refine(
          ...rule(
            (word) => !word.includes(keywordSeparator),
            `has a ${keywordSeparator}`,
            'Leave that sign out.',
          ),
        ),
    )
    .max(limits.keywords)
    .nullish(),
  related: z
    .array(
      z
        .string()
        .refine(
          ...rule((id) => isReference(id.trim()), 'is no article id', 'Give the id of an article.'),
        ),
    )
    .max(limits.related)
    .nullish(),
  type: optional,
  bodyKind: optional,
  source: optional,
  url: line(limits.link)
    .refine(...webLink)
    .nullish(),
  licence: optional,
  licenceUrl: line(limits.link)
    .refine(...webLink)
    .nullish(),
});

const known = new Set(Object.keys(article.shape));

/**
 * Reads one line of an import: a JSON object with the fields of an article. All that is wrong with it
 * comes back at once, with pointers such as `/title` or `/authors/0`.
 * @param now a day after it is refused: what is published later is scheduled, not imported
 */
export function readLine(text: string, now: Date): Result<ImpLine, Fault[]> {
  const json = parseJson(text);
  if (!json.ok) return json;
  const { value } = json;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return err([fault([], value, 'is no JSON object', 'Give one object a line.')]);
  }
  const parsed = article.safeParse(value, { reportInput: true });
  if (!parsed.success) return err(parsed.error.issues.map((issue) => faultOf(issue)));
  const { data } = parsed;
  const pubTs = new Date(`${data.publishedAt}T00:00:00.000Z`);
  if (pubTs > now) {
    const remedy = 'Schedule the article under an embargo instead.';
    return err([fault(['publishedAt'], data.publishedAt, 'is in the future', remedy)]);
  }
  return ok({
    put: putOf(data),
    sectNm: data.section?.trim() ?? NO_SECTION,
    pubTs,
    ignored: Object.keys(value).filter((key) => !known.has(key)),
  });
}

function putOf(data: z.output<typeof article>): ImpLine['put'] {
  return {
    artRef: data.id,
    ttl: data.title,
    kick: data.kicker ?? null,
    smry: data.summary ?? null,
    bdy: data.body,
    auts: data.authors,
    tops: data.topics ?? [],
    rels: data.related?.map((id) => id.trim()) ?? [],
    kwd: data.keywords ?? [],
    typ: data.type ?? null,
    bdyKnd: data.bodyKind ?? null,
    srcNm: data.source ?? null,
    srcUrl: data.url ?? null,
    licNm: data.licence ?? null,
    licUrl: data.licenceUrl ?? null,
  };
}

function parseJson(text: string): Result<unknown, Fault[]> {
  try {
    const value: unknown = JSON.parse(text);
    return ok(value);
  } catch (error) {
    const problem = `is no JSON: ${error instanceof Error ? error.message : String(error)}`;
    return err([fault([], text, clip(problem), 'Give one complete JSON object a line.')]);
  }
}

function faultOf(issue: z.core.$ZodIssue): Fault {
  const { input, path } = issue;
  if (issue.code === 'invalid_type') {
    if (input === undefined)
      return fault(path, undefined, 'is missing', `Give a value of type ${issue.expected}.`);
    return fault(path, input, `is no ${issue.expected}`, `Give a value of type ${issue.expected}.`);
  }
  if (issue.code === 'too_big' || issue.code === 'too_small') {
    const unit = issue.origin === 'array' ? 'entries' : 'characters';
    return issue.code === 'too_big'
      ? fault(path, input, 'is too long', `Give at most ${issue.maximum} ${unit}.`)
      : fault(path, input, 'is too short', `Give at least ${issue.minimum} ${unit}.`);
  }
  const given: unknown = issue.code === 'custom' ? issue.params?.['remedy'] : undefined;
  return fault(path, input, issue.message, typeof given === 'string' ? given : 'Correct it.');
}

function fault(path: PropertyKey[], value: unknown, problem: string, remedy: string): Fault {
  const pointer = path.map((step) => `/${String(step)}`).join('');
  return { pointer, ...(value === undefined ? {} : { value: shown(value) }), problem, remedy };
}

/** A value as a report shows it: clipped, never a whole body. */
function shown(value: unknown): unknown {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value;
  return clip(typeof value === 'string' ? value : JSON.stringify(value));
}

/** The beginning of a text that is too long to show. */
export function clip(text: string, most = SHOWN): string {
  return text.length > most ? `${text.slice(0, most).toWellFormed()}…` : text;
}
