import { describe, expect, it } from '@jest/globals';
import type { Followed } from './digest.ts';
import { bounds, chooseNew, dayOf, dueDay, dueTime, retryAt, searchFrom } from './digest.ts';

const time = (text: string) => new Date(`${text}Z`);
const topic = (val: string, since: string): Followed => ({ knd: 'T', val, since: time(since) });
const section = (val: string, since: string): Followed => ({ knd: 'S', val, since: time(since) });

describe('the day', () => {
  it('is due from its time on, in UTC', () => {
    expect(dueDay(time('2026-03-01T05:59:59.999'), '06:00')).toBeNull();
    expect(dueDay(time('2026-03-01T06:00:00.000'), '06:00')).toBe('2026-03-01');
    expect(dueDay(time('2026-03-01T23:59:59.999'), '06:00')).toBe('2026-03-01');
    expect(dueDay(time('2026-03-02T00:00:00.000'), '06:00')).toBeNull();
    expect(dueDay(time('2026-03-02T00:00:00.000'), '00:00')).toBe('2026-03-02');
    expect(dueTime('2026-03-01', '06:30')).toEqual(time('2026-03-01T06:30:00'));
    expect(dayOf(new Date('2026-03-01T23:30:00-02:00'))).toBe('2026-03-02');
  });
});

describe('the search', () => {
  const til = time('2026-03-10T06:00:00');

  it('begins where the first thing was followed, when there was no digest yet', () => {
    const followed = [topic('a', '2026-03-09T10:00:00'), topic('b', '2026-03-08T10:00:00')];
    expect(searchFrom(followed, null, til)).toEqual(time('2026-03-08T10:00:00'));
  });

  it('goes back beyond the last digest, for what became visible late', () => {
    const followed = [topic('a', '2025-01-01T00:00:00')];
    expect(searchFrom(followed, time('2026-03-09T06:00:00'), til)).toEqual(
      time('2026-03-07T06:00:00'),
    );
  });

  it('never goes back more than a month', () => {
    const followed = [topic('a', '2020-01-01T00:00:00')];
    const furthest = new Date(til.getTime() - bounds.furthestMs);
    expect(searchFrom(followed, null, til)).toEqual(furthest);
    expect(searchFrom(followed, time('2021-01-01T00:00:00'), til)).toEqual(furthest);
  });
});

describe('the choice', () => {
  const article = (artId: number, sectCd: string, tops: string[], pubTs: string | null) => ({
    artId,
    sectCd,
    tops,
    pubTs: pubTs === null ? null : time(pubTs),
  });
  const chosen = (
    followed: Followed[],
    articles: ReturnType<typeof article>[],
    named: number[] = [],
  ) => chooseNew(followed, articles, new Set(named)).map(({ artId }) => artId);

  it('takes what is on a followed topic or in a followed section, once, in order', () => {
    const followed = [
      topic('Optics', '2026-03-01T00:00:00'),
      section('space', '2026-03-01T00:00:00'),
    ];
    const articles = [
      article(5, 'space', ['Optics'], '2026-03-02T00:00:00'),
      article(4, 'space', [], '2026-03-02T00:00:00'),
      article(3, 'other', ['Optics'], '2026-03-02T00:00:00'),
      article(2, 'other', ['space'], '2026-03-02T00:00:00'),
      article(1, 'Optics', [], '2026-03-02T00:00:00'),
    ];
    expect(chosen(followed, articles)).toEqual([5, 4, 3]);
  });

  it('takes nothing from before it was followed, per topic', () => {
    const followed = [topic('new', '2026-03-02T12:00:00'), topic('old', '2026-01-01T00:00:00')];
    const articles = [
      article(4, 's', ['new'], '2026-03-02T12:00:00.001'),
      article(3, 's', ['new'], '2026-03-02T12:00:00'),
      article(2, 's', ['new', 'old'], '2026-03-02T11:00:00'),
      article(1, 's', ['new'], '2026-03-02T11:00:00'),
    ];
    expect(chosen(followed, articles)).toEqual([4, 2]);
  });

  it('leaves out what a digest has named, and what is not published', () => {
    const followed = [section('s', '2026-01-01T00:00:00')];
    const articles = [
      article(2, 's', [], '2026-03-02T00:00:00'),
      article(1, 's', [], '2026-03-01T00:00:00'),
      article(3, 's', [], null),
    ];
    expect(chosen(followed, articles, [2])).toEqual([1]);
  });
});

describe('a failed mail', () => {
  const now = time('2026-03-01T06:00:00');

  it('is tried again after ever longer pauses, five times in all', () => {
    const waits = [1, 2, 3, 4, 5, 6].map((attempts) => {
      const next = retryAt(attempts, now);
      return next === null ? null : (next.getTime() - now.getTime()) / 60_000;
    });
    expect(waits).toEqual([1, 5, 15, 60, null, null]);
  });
});
