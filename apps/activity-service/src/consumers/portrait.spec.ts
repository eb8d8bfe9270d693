import { describe, expect, it } from '@jest/globals';
import { contracts, parseEvent } from '@newscience/event-contracts/registry';
import { commentPosted } from '@newscience/event-contracts/comment/posted';
import { routeDefined } from '@newscience/event-contracts/route/defined';
import { articleUpdated } from '@newscience/event-contracts/article/updated';
import { z } from 'zod';

import { type Portrait, portraitOf } from './portrait.ts';

/** Of the contracts' examples. */
const personal = ['Ines', 'And why is it not violet?', 'Night shift'];

const examples = contracts.map(({ type, example }) => [type, example] as const);

function portrait(example: unknown): Portrait {
  const event = parseEvent(example);
  if (!event.ok) throw new Error(event.error.detail);
  return portraitOf(event.value);
}

describe.each(examples)('the portrait of %s', (type, example) => {
  it('was decided about', () => {
    expect(portrait(example).summary).not.toContain(type);
  });

  it('is one sentence', () => {
    const { summary, personal: part } = portrait(example);
    for (const sentence of [summary, part?.summary ?? summary])
      expect(sentence).toMatch(/^[A-Z“][^\n]+\.$/);
  });

  it('has everything personal in the part that can go', () => {
    const { personal: part, ...rest } = portrait(example);
    for (const text of personal) expect(JSON.stringify(rest)).not.toContain(text);
    const said = personal.filter((text) => JSON.stringify(example.data).includes(text));
    for (const text of said) expect(JSON.stringify(part)).toContain(text);
  });

  it('loses nothing of the event but the body of an article', () => {
    const { data, personal: part } = portrait(example);
    const { body, ...whole } = z.record(z.string(), z.unknown()).parse(example.data);
    const expected = body === undefined ? whole : { ...whole, bodyBytes: expect.any(Number) };
    expect({ ...data, ...part?.data }).toEqual(expected);
  });
});

describe('a sentence', () => {
  it.each([
    [articleUpdated.example, '“Why the sky is blue” was updated (revision 4).'],
    [commentPosted.example, 'A comment of Ines on ns-why-the-sky-is-blue was posted.'],
    [
      { ...commentPosted.example, data: { ...commentPosted.example.data, author: null } },
      'A comment on ns-why-the-sky-is-blue was posted.',
    ],
    [
      routeDefined.example,
      'Route search was added: /api/v1/search (GET, HEAD) to search-service, at stage monolith, by Night shift.',
    ],
  ])('says what happened: %#', (example, sentence) => {
    const { summary, personal: part } = portrait(example);
    expect(part?.summary ?? summary).toBe(sentence);
  });

  it('does not repeat a title without end', () => {
    const { example } = articleUpdated;
    const { summary } = portrait({
      ...example,
      data: { ...example.data, title: 'x'.repeat(5000) },
    });
    expect(summary.length).toBeLessThan(300);
  });
});
