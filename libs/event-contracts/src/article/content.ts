import { z } from 'zod';

const time = z.iso.datetime();
const linked = z
  .object({ name: z.string().nullable(), url: z.string().nullable() })
  .nullable()
  .meta({ description: 'Null where neither a name nor an address is known.' });

/** An article's id: lower-case letters, digits and `.`, `_`, `-`; 1 to 120 characters. */
export const articleId = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,119}$/);

/**
 * The whole article. Every article event carries it, so that a consumer needs nothing but the bus to know
 * what the article is now, and one that joins later builds its state from the latest event of each.
 */
export const articleContent = z.object({
  id: articleId,
  revision: z.int().min(1).meta({
    description:
      'Grows with each change. One that is not above the revision seen last is old news.',
  }),
  title: z.string().min(1),
  kicker: z.string().nullable(),
  summary: z.string().nullable(),
  body: z.string().meta({
    description: 'Plain text, paragraphs split by a blank line; at most 512 KiB of UTF-8.',
  }),
  section: z.object({ code: z.string(), name: z.string() }),
  topics: z.array(z.string()),
  authors: z.array(z.string()),
  keywords: z.array(z.string()),
  related: z
    .array(z.string())
    .meta({ description: 'Ids of articles, not all of which need exist.' }),
  type: z.string().nullable(),
  bodyKind: z.string().nullable(),
  source: linked,
  licence: linked,
  publishedAt: time.meta({ description: 'Of the first publication.' }),
  updatedAt: time.meta({ description: 'Of the last change.' }),
});

export type ArticleContent = z.output<typeof articleContent>;

export const exampleArticle: ArticleContent = {
  id: 'ns-why-the-sky-is-blue',
  revision: 3,
  title: 'Why the sky is blue',
  kicker: 'Everyday physics',
  summary: 'Small molecules scatter short waves more than long ones.',
  body: 'Sunlight is a mixture of all colours.\n\nAir scatters blue light most.',
  section: { code: 'space-and-physics', name: 'Space & physics' },
  topics: ['Optics', 'Atmosphere'],
  authors: ['Ada Lindqvist'],
  keywords: ['Rayleigh scattering'],
  related: ['ns-why-sunsets-are-red'],
  type: 'Article',
  bodyKind: null,
  source: null,
  licence: { name: 'CC BY 4.0', url: 'https://creativecommons.org/licenses/by/4.0/' },
  publishedAt: '2026-03-02T06:00:00.000Z',
  updatedAt: '2026-03-02T06:00:00.000Z',
};
