import { eventually } from '@newscience/testing/eventually';
import type { Answer } from '../api.ts';
import type { Person } from './people.ts';

export type Article = {
  readonly id: string;
  readonly title: string;
  readonly status: string;
  readonly revision: number;
  readonly publishedAt: string | null;
  readonly commentCount: number;
  readonly url: string;
  readonly body: string;
};

/** The body of an answer, in the shape that the OpenAPI document promises. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the one place of this cast
export function bodyOf<T>({ json, status, text }: Answer): T {
  if (json === undefined) throw new Error(`No JSON but ${status}: ${text.slice(0, 300)}`);
  return json as T;
}

/** Everything an article must have, around one rare word. */
export function articleAbout(word: string, changes: Record<string, unknown> = {}): object {
  return {
    title: `A note on ${word}`,
    summary: `What is known about ${word}.`,
    body: `The first paragraph tells of ${word}.\n\nThe second one does not.`,
    section: 'technology',
    authors: [`Author ${word}`, 'Second Author'],
    topics: [`Topic ${word}`],
    source: { name: `Source ${word}`, url: 'https://example.org/source' },
    licence: { name: 'CC BY 4.0', url: 'https://creativecommons.org/licenses/by/4.0/' },
    ...changes,
  };
}

export async function drafted(editor: Person, input: object): Promise<Article> {
  const answer = await editor.call('POST', '/api/v1/articles', input);
  if (answer.status !== 201) throw new Error(`Not drafted: ${answer.status} ${answer.text}`);
  return bodyOf<Article>(answer);
}

export async function published(editor: Person, input: object): Promise<Article> {
  const article = await drafted(editor, input);
  const answer = await moved(editor, article, 'publish');
  if (answer.status !== 200) throw new Error(`Not published: ${answer.status} ${answer.text}`);
  return bodyOf<Article>(answer);
}

/** Publishes, schedules or withdraws on the basis of the revision that the caller knows. */
export function moved(
  editor: Person,
  { id, revision }: Pick<Article, 'id' | 'revision'>,
  step: 'publish' | 'schedule' | 'withdraw',
  body?: object,
): Promise<Answer> {
  return editor.call('POST', `/api/v1/articles/${id}/${step}`, body, {
    'if-match': `"${revision}"`,
  });
}

/** One whole run of the search batch; waits for another one that is under way. */
export async function runBatch(operator: Person): Promise<{ status: string; articles: number }> {
  return eventually(
    async () => {
      const answer = await operator.call('POST', '/api/v1/search/batch-runs?wait=true');
      if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
      return bodyOf<{ status: string; articles: number }>(answer);
    },
    { withinMs: 60_000, everyMs: 500 },
  );
}
