import { articlePublished } from '@newscience/event-contracts/article/published';
import { articleUpdated } from '@newscience/event-contracts/article/updated';
import type { CloudEvent } from '@newscience/event-contracts/envelope';

const words = 'light air blue water field measure signal sample species proof '.repeat(1000);

/**
 * An article event: of revision 1 a publication, of each other one an update.
 *
 * @param bodyBytes how long the article's text is
 */
export function articleEvent(id: string, revision: number, bodyBytes: number): CloudEvent {
  const { example, type } = revision === 1 ? articlePublished : articleUpdated;
  return {
    ...example,
    type,
    id: `${id}/${revision}`,
    subject: id,
    data: { ...example.data, id, revision, body: words.slice(0, bodyBytes) },
  };
}

/** Events of `articles` keys, one revision of each after the other, `count` in all. */
export function articleEvents(
  count: number,
  { articles, bodyBytes, from = 0 }: { articles: number; bodyBytes: number; from?: number },
): CloudEvent[] {
  return Array.from({ length: count }, (_, index) => {
    const at = from + index;
    return articleEvent(`bench-${at % articles}`, Math.floor(at / articles) + 1, bodyBytes);
  });
}
