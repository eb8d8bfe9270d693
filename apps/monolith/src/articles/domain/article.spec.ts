import { describe, expect, it } from '@jest/globals';
import type { Article, Standing } from './article.ts';
import { decide, notThereYet } from './article.ts';

const now = new Date('2026-03-01T12:00:00.000Z');
const earlier = new Date('2026-02-01T00:00:00.000Z');
const later = new Date('2026-04-01T00:00:00.000Z');
const justLater = new Date(now.getTime() + 1);

const draft: Standing = { sts: 'D' };
const embargoed: Standing = { sts: 'E', embTs: later };
const published: Standing = { sts: 'P', pubTs: earlier };
const withdrawn: Standing = { sts: 'W', pubTs: earlier, wdrTs: earlier };

const article = (standing: Standing, over: Partial<Article> = {}): Article => ({
  rev: 3,
  standing,
  hasBody: true,
  hasAuthors: true,
  ...over,
});
const complete = { hasBody: true, hasAuthors: true };
const to = (rev: number, standing: Standing) => ({ ok: true, value: { rev, standing } });
const refused = (code: string) =>
  expect.objectContaining({ ok: false, error: expect.objectContaining({ code }) as unknown });

describe('a revision', () => {
  it.each([2, 4])('that is not the present one (%i) is refused for every command', (rev) => {
    const present = article(draft);
    expect(decide(present, { do: 'update', rev, ...complete })).toEqual(
      refused('article_revision_conflict'),
    );
    expect(decide(present, { do: 'publish', rev, pubTs: null, now })).toEqual(
      refused('article_revision_conflict'),
    );
    expect(decide(present, { do: 'schedule', rev, embTs: later, now })).toEqual(
      refused('article_revision_conflict'),
    );
    expect(decide(present, { do: 'withdraw', rev, now })).toEqual(
      refused('article_revision_conflict'),
    );
  });

  it('that is old is told before a wrong state', () => {
    expect(decide(article(withdrawn), { do: 'withdraw', rev: 2, now })).toEqual(
      refused('article_revision_conflict'),
    );
  });
});

describe('update', () => {
  it.each([draft, embargoed, published])(
    'of $sts counts up and leaves it where it stands',
    (standing) => {
      expect(decide(article(standing), { do: 'update', rev: 3, ...complete })).toEqual(
        to(4, standing),
      );
    },
  );

  it('of a withdrawn article is refused', () => {
    expect(decide(article(withdrawn), { do: 'update', rev: 3, ...complete })).toEqual(
      refused('article_state_conflict'),
    );
  });

  it('may empty a draft, but nothing that readers see or will see', () => {
    const emptied = { do: 'update', rev: 3, hasBody: false, hasAuthors: true } as const;
    const nameless = { do: 'update', rev: 3, hasBody: true, hasAuthors: false } as const;
    expect(decide(article(draft), emptied)).toEqual(to(4, draft));
    for (const standing of [embargoed, published]) {
      expect(decide(article(standing), emptied)).toEqual(refused('article_incomplete'));
      expect(decide(article(standing), nameless)).toEqual(refused('article_incomplete'));
    }
  });
});

describe('publish', () => {
  it.each([draft, embargoed])('of $sts dates it now, or as told', (standing) => {
    expect(decide(article(standing), { do: 'publish', rev: 3, pubTs: null, now })).toEqual(
      to(4, { sts: 'P', pubTs: now }),
    );
    expect(decide(article(standing), { do: 'publish', rev: 3, pubTs: earlier, now })).toEqual(
      to(4, { sts: 'P', pubTs: earlier }),
    );
  });

  it('of a withdrawn article keeps its first date', () => {
    expect(decide(article(withdrawn), { do: 'publish', rev: 3, pubTs: null, now })).toEqual(
      to(4, published),
    );
    const never: Standing = { sts: 'W', pubTs: null, wdrTs: earlier };
    expect(decide(article(never), { do: 'publish', rev: 3, pubTs: null, now })).toEqual(
      to(4, { sts: 'P', pubTs: now }),
    );
  });

  it('twice is refused', () => {
    expect(decide(article(published), { do: 'publish', rev: 3, pubTs: null, now })).toEqual(
      refused('article_state_conflict'),
    );
  });

  it('at this very moment is right, a millisecond later is not', () => {
    expect(decide(article(draft), { do: 'publish', rev: 3, pubTs: now, now }).ok).toBe(true);
    expect(decide(article(draft), { do: 'publish', rev: 3, pubTs: justLater, now })).toEqual(
      refused('validation_failed'),
    );
  });

  it('names everything that is missing', () => {
    const bare = article(draft, { hasBody: false, hasAuthors: false });
    const decision = decide(bare, { do: 'publish', rev: 3, pubTs: null, now });
    expect(decision).toEqual(refused('article_incomplete'));
    expect(decision.ok ? [] : decision.error.faults?.map(({ pointer }) => pointer)).toEqual([
      '/bdy',
      '/auts',
    ]);
  });
});

describe('schedule', () => {
  it.each([draft, embargoed])('of $sts sets the end of the embargo', (standing) => {
    expect(decide(article(standing), { do: 'schedule', rev: 3, embTs: justLater, now })).toEqual(
      to(4, { sts: 'E', embTs: justLater }),
    );
  });

  it('needs a time in the future', () => {
    expect(decide(article(draft), { do: 'schedule', rev: 3, embTs: now, now })).toEqual(
      refused('article_embargo_past'),
    );
  });

  it.each([published, withdrawn])('of $sts is refused', (standing) => {
    expect(decide(article(standing), { do: 'schedule', rev: 3, embTs: later, now })).toEqual(
      refused('article_state_conflict'),
    );
  });

  it('needs a complete article', () => {
    expect(
      decide(article(draft, { hasBody: false }), { do: 'schedule', rev: 3, embTs: later, now }),
    ).toEqual(refused('article_incomplete'));
  });
});

describe('withdraw', () => {
  it('keeps the date of what was published, and none of what was not', () => {
    expect(decide(article(published), { do: 'withdraw', rev: 3, now })).toEqual(
      to(4, { sts: 'W', pubTs: earlier, wdrTs: now }),
    );
    expect(decide(article(embargoed), { do: 'withdraw', rev: 3, now })).toEqual(
      to(4, { sts: 'W', pubTs: null, wdrTs: now }),
    );
  });

  it.each([draft, withdrawn])('of $sts is refused', (standing) => {
    expect(decide(article(standing), { do: 'withdraw', rev: 3, now })).toEqual(
      refused('article_state_conflict'),
    );
  });
});

describe('import', () => {
  const command = { do: 'import', pubTs: earlier, now, ...complete } as const;

  it('makes a published article', () => {
    expect(decide(notThereYet, command)).toEqual(to(1, published));
  });

  it('corrects what is published and leaves a withdrawn article withdrawn', () => {
    const corrected = { ...command, pubTs: now };
    expect(decide(article(published), corrected)).toEqual(to(4, { sts: 'P', pubTs: now }));
    expect(decide(article(withdrawn), corrected)).toEqual(
      to(4, { sts: 'W', pubTs: now, wdrTs: earlier }),
    );
  });

  it.each([draft, embargoed])('does not touch $sts', (standing) => {
    expect(decide(article(standing), command)).toEqual(refused('article_state_conflict'));
  });

  it('refuses what is incomplete or dated in the future', () => {
    expect(decide(notThereYet, { ...command, hasBody: false })).toEqual(
      refused('article_incomplete'),
    );
    expect(decide(notThereYet, { ...command, pubTs: justLater })).toEqual(
      refused('validation_failed'),
    );
  });
});
