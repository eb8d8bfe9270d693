import { z } from 'zod';
import {
  bytesOf,
  isCleanText,
  isReference,
  isWebLink,
  keywordSeparator,
  limits,
} from './domain/text.ts';

const line = (max: number) =>
  z
    .string()
    .max(max)
    .refine((text) => isCleanText(text.trim(), false), 'has control characters or broken Unicode');

const words = (text: z.ZodType<string, string>, most: number) => z.array(text).max(most);
const name = line(limits.name).refine((text) => text.trim() !== '', 'is empty');
const keyword = name.refine(
  (word) => !word.includes(keywordSeparator),
  `has a ${keywordSeparator}`,
);
const reference = z.string().refine((text) => isReference(text.trim()), 'is no article id');
const link = line(limits.link).refine((text) => isWebLink(text.trim()), {
  error: 'is no web address',
  params: { remedy: 'Give an absolute http or https address.' },
});
const body = z
  .string()
  .refine(
    (text) => isCleanText(text.replace(/\r/g, ''), true),
    'has control characters or broken Unicode',
  )
  .refine((text) => bytesOf(text) <= limits.bodyBytes, {
    error: 'is too long',
    params: { remedy: `Give at most ${limits.bodyBytes} bytes of UTF-8.` },
  })
  .meta({
    description: `Plain text, paragraphs split by a blank line; at most ${limits.bodyBytes} bytes of UTF-8`,
  });

const linked = z.strictObject({
  name: line(limits.name).nullish(),
  url: link.nullish(),
});

/** What a writer sends: the whole content. */
export const articleInputSchema = z
  .strictObject({
    title: line(limits.title).refine((text) => text.trim() !== '', 'is empty'),
    kicker: line(limits.kicker).nullish(),
    summary: line(limits.summary).nullish(),
    body: body.default(''),
    section: z
      .string()
      .min(1)
      .max(limits.name)
      .meta({ description: 'Code of a section', examples: ['space-and-physics'] }),
    authors: words(name, limits.authors).default([]),
    topics: words(name, limits.topics).default([]),
    keywords: words(keyword, limits.keywords).default([]),
    related: words(reference, limits.related).default([]).meta({ description: 'Ids of articles' }),
    type: line(limits.name).nullish(),
    bodyKind: line(limits.name).nullish(),
    source: linked.nullish(),
    licence: linked.nullish(),
  })
  .meta({ id: 'ArticleInput' });

export type ArticleInput = z.output<typeof articleInputSchema>;

export const statusSchema = z.enum(['draft', 'embargoed', 'published', 'withdrawn']);

const time = z.iso.datetime();
const link2 = z
  .strictObject({ name: z.string().nullable(), url: z.string().nullable() })
  .nullable();

/** An article in a list. */
export const articleItemSchema = z
  .strictObject({
    id: z.string(),
    title: z.string(),
    kicker: z.string().nullable(),
    summary: z.string().nullable(),
    section: z.strictObject({ code: z.string(), name: z.string() }),
    topics: z.array(z.string()),
    authors: z.array(z.string()),
    publishedAt: time.nullable(),
    updatedAt: time,
    status: statusSchema,
    embargoUntil: time.nullable(),
    revision: z.int(),
    type: z.string().nullable(),
    bodyKind: z.string().nullable(),
    source: link2,
    licence: link2,
    commentCount: z.int(),
    url: z.string().meta({ description: 'Path of the page' }),
  })
  .meta({ id: 'ArticleItem' });

/** An article. */
export const articleSchema = articleItemSchema
  .extend({ body: z.string(), keywords: z.array(z.string()), related: z.array(z.string()) })
  .meta({ id: 'Article' });

export const articlePageSchema = z
  .strictObject({ items: z.array(articleItemSchema), nextCursor: z.string().nullable() })
  .meta({ id: 'ArticlePage' });

/** `limit` (1 to 100, default 20) and `cursor`. */
export const paging = {
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().max(512).optional(),
};

const filter = z.string().min(1).max(limits.name);

export const articleListQuery = z.strictObject({
  section: filter.optional().meta({ description: 'Code of a section' }),
  topic: filter.optional(),
  author: filter.optional(),
  status: statusSchema
    .default('published')
    .meta({ description: 'Other than published: editors all, contributors their own' }),
  ...paging,
});

export const topicListQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

export const articlePath = z.strictObject({ id: z.string().max(limits.reference) });

export const scheduleSchema = z.strictObject({
  embargoUntil: z.iso.datetime({ offset: true }).meta({ description: 'A time in the future' }),
});
