import { articlePublished } from '@newscience/event-contracts/article/published';
import { describe, expect, it } from '@jest/globals';

import { MAX_EVENT_BYTES } from './bus.ts';
import { assertSize, partitionOf, place } from './placement.ts';

const event = articlePublished.example;

describe('the place of an event', () => {
  it('is the topic of its context', () => {
    expect(place(event)).toEqual({ topic: 'newscience.article', event });
  });

  it.each([
    ['another type', { ...event, type: 'com.example.thing' }],
    ['no subject', { ...event, subject: '' }],
  ])('is nowhere for %s', (_, candidate) => {
    expect(() => place(candidate)).toThrow(expect.objectContaining({ code: 'event_invalid' }));
  });

  it('is refused from one byte above the limit', () => {
    expect(() => assertSize(event, 'x'.repeat(MAX_EVENT_BYTES))).not.toThrow();
    expect(() => assertSize(event, 'x'.repeat(MAX_EVENT_BYTES + 1))).toThrow(
      expect.objectContaining({ code: 'event_too_large' }),
    );
  });
});

describe('the partition of a key', () => {
  it('never changes: these are stored', () => {
    expect(['a', 'ns-why-the-sky-is-blue', 'ä', ''].map((key) => partitionOf(key, 8))).toEqual([
      4, 1, 2, 5,
    ]);
  });

  it('spreads keys evenly', () => {
    const counts = Array.from({ length: 8 }, () => 0);
    for (let n = 0; n < 8000; n += 1) {
      const partition = partitionOf(`article-${n}`, 8);
      counts[partition] = (counts[partition] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(900);
    expect(Math.max(...counts)).toBeLessThan(1100);
  });
});
