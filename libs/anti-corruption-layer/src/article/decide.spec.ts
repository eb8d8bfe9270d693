import { describe, expect, it } from '@jest/globals';
import { exampleArticle } from '@newscience/event-contracts/article/content';
import { parseEvent } from '@newscience/event-contracts/registry';

import type { Decided, Decision, Published } from '../published.ts';
import { decideArticle } from './decide.ts';
import type { ArticleState } from './translate.ts';

const at = '2026-04-01T08:00:00.000Z';
const published = (changes: Partial<typeof exampleArticle> = {}): ArticleState => ({
  status: 'published',
  content: { ...exampleArticle, revision: 1, ...changes },
});
const withdrawn = (revision: number): ArticleState => ({
  status: 'withdrawn',
  content: { ...exampleArticle, revision },
  withdrawnAt: '2026-03-31T12:00:00.000Z',
});
const draft = (revision: number): ArticleState => ({
  status: 'unpublished',
  revision,
  updatedAt: '2026-03-30T12:00:00.000Z',
});

const envelope = ({ type, id, subject, time, data }: Decided) => ({
  specversion: '1.0',
  source: 'urn:newscience:legacy',
  datacontenttype: 'application/json',
  ...{ type, id, subject, time, data },
});

/** What is told of these states, one after the other; each event is held against its contract. */
function tell(...states: (ArticleState | null)[]): { told: string[]; last: Decision } {
  let before: Published | null = null;
  let last: Decision = { events: [], published: null };
  const told: string[] = [];
  for (const state of states) {
    last = decideArticle(before, state, at);
    before = last.published;
    for (const event of last.events) {
      expect(parseEvent(envelope(event))).toMatchObject({ ok: true });
      told.push(`${event.type.split('.')[2] ?? ''} ${event.id.split('/')[1] ?? ''}`);
    }
  }
  return { told, last };
}

describe('an article', () => {
  it.each([
    ['a draft', [draft(1)], []],
    ['withdrawn before it was ever told', [withdrawn(2)], []],
    ['published', [published()], ['Published 1']],
    ['the same again', [published(), published()], ['Published 1']],
    [
      'changed',
      [published(), published({ revision: 2, title: 'x' })],
      ['Published 1', 'Updated 2'],
    ],
    [
      'of the same content under a new revision',
      [published(), published({ revision: 2 })],
      ['Published 1', 'Updated 2'],
    ],
    ['withdrawn', [published(), withdrawn(2)], ['Published 1', 'Withdrawn 2']],
    [
      'withdrawn, and again',
      [published(), withdrawn(2), withdrawn(3)],
      ['Published 1', 'Withdrawn 2'],
    ],
    ['put back into the drawer', [published(), draft(2)], ['Published 1', 'Withdrawn 2']],
    [
      'published again',
      [published(), withdrawn(2), published({ revision: 3 })],
      ['Published 1', 'Withdrawn 2', 'Published 3'],
    ],
    ['deleted', [published(), null], ['Published 1', 'Withdrawn 2']],
    [
      'deleted after its withdrawal',
      [published(), withdrawn(2), null],
      ['Published 1', 'Withdrawn 2'],
    ],
    [
      'deleted and made anew',
      [published(), null, published()],
      ['Published 1', 'Withdrawn 2', 'Published 3'],
    ],
    [
      'changed without a revision',
      [published(), published({ title: 'x' })],
      ['Published 1', 'Updated 2'],
    ],
    [
      'changed without a revision, and then with one',
      [published(), published({ title: 'x' }), published({ revision: 2 })],
      ['Published 1', 'Updated 2', 'Updated 3'],
    ],
    [
      'set back to an earlier revision',
      [published({ revision: 7 }), published({ revision: 3, title: 'x' })],
      ['Published 7', 'Updated 8'],
    ],
  ])('that is %s', (_, states, expected) => {
    expect(tell(...states).told).toEqual(expected);
  });
});

describe('a withdrawal', () => {
  it('has the time of the legacy row', () => {
    const [event] = tell(published(), withdrawn(2)).last.events;
    expect(event?.data).toMatchObject({ withdrawnAt: '2026-03-31T12:00:00.000Z', revision: 2 });
    expect(event?.time).toBe(at);
  });

  it('of a deleted row carries what was told last', () => {
    const { events } = tell(published(), published({ revision: 2, title: 'last' }), null).last;
    expect(events[0]?.data).toMatchObject({ title: 'last', withdrawnAt: at });
  });

  it('lets nothing of the content be remembered', () => {
    expect(tell(published(), withdrawn(2)).last.published?.data).toBeNull();
  });
});

it('what a snapshot finds has the time of the row', () => {
  const [event] = decideArticle(null, published(), null).events;
  expect(event?.time).toBe(exampleArticle.updatedAt);
});
