import { z } from 'zod';
import { editor } from './monolith.ts';
import type { TestMonolith } from './monolith.ts';
import { createSiteClient } from './site-client.ts';

const made = z.object({ id: z.string(), revision: z.number() });

export type Draft = {
  title: string;
  body?: string;
  section?: string;
  summary?: string;
  kicker?: string;
  authors?: string[];
  topics?: string[];
  related?: string[];
  source?: { name: string; url: string };
  licence?: { name: string; url: string };
};

/** An article with all that one can have. */
export const exampleArticle: Draft = {
  title: 'Listening to a tremor of spacetime',
  kicker: 'Gravity',
  summary: 'How the first wave was caught.',
  body: 'The first paragraph.\n\nHow it was measured\n\nThe last paragraph.',
  authors: ['Eszter Valkó', 'Daniel Tamahori'],
  topics: ['Astronomy', 'Physics'],
  source: { name: 'The Journal', url: 'https://journal.example/1' },
  licence: { name: 'CC BY 4.0', url: 'https://creativecommons.org/licenses/by/4.0/' },
};

/** Code to name. */
export const testSections: Record<string, string> = {
  'space-and-physics': 'Space and physics',
  neuroscience: 'Neuroscience',
};

/** Fills a site through its API, as an editor; sections come with imports alone, so they are put in by hand. */
export async function createContent({ url, query }: Pick<TestMonolith, 'url' | 'query'>) {
  const client = createSiteClient(url);
  const token = await client.token(editor.email);
  for (const [code, name] of Object.entries(testSections)) {
    await query('INSERT INTO sect (sect_cd, sect_nm) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
      code,
      name,
    ]);
  }

  async function act(id: string, revision: number, action: string, json: object = {}) {
    const answer = await client.call(`/api/v1/articles/${id}/${action}`, {
      token,
      json,
      headers: { 'if-match': `"${revision}"` },
    });
    if (answer.status !== 200) throw new Error(`${action} ${id}: ${answer.status} ${answer.text}`);
    return made.parse(answer.body);
  }

  async function draft(content: Draft) {
    const answer = await client.call('/api/v1/articles', {
      token,
      json: {
        body: 'A first paragraph.\n\nA second paragraph.',
        section: 'space-and-physics',
        authors: ['Ada Lovelace'],
        topics: ['Astronomy'],
        ...content,
      },
    });
    if (answer.status !== 201) throw new Error(`Not created: ${answer.status} ${answer.text}`);
    return made.parse(answer.body);
  }

  return {
    draft,
    act,
    async published(content: Draft): Promise<string> {
      const { id, revision } = await draft(content);
      await act(id, revision, 'publish');
      return id;
    },
  };
}

export type Content = Awaited<ReturnType<typeof createContent>>;
