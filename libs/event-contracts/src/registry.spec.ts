import { describe, expect, it } from '@jest/globals';

import { z } from 'zod';

import { topicOf } from './envelope.ts';
import { contractOf, contracts, parseEvent } from './registry.ts';
import { topics } from './topics.ts';

const exampleOf = (type: string) => {
  const example = contractOf(type)?.example;
  if (example === undefined) throw new Error(`no contract for ${type}`);
  return { ...example, data: z.record(z.string(), z.unknown()).parse(example.data) };
};
const example = exampleOf('newscience.article.Updated.v1');

describe('every contract', () => {
  it.each(contracts.map((one) => [one.type, one] as const))('%s has a valid example', (_, one) => {
    expect(parseEvent(one.example)).toEqual({ ok: true, value: one.example });
  });

  it.each(contracts.map((one) => [one.type, one] as const))('%s has a declared topic', (_, one) => {
    expect(topics.map(({ topic }) => topic)).toContain(topicOf(one.type));
  });

  it.each(contracts.map((one) => [one.type, one] as const))('%s says when it happens', (_, one) => {
    expect(one.when).toMatch(/^[A-Z].*\.$/);
  });
});

describe('parseEvent', () => {
  it('drops fields that the contract does not name', () => {
    const sent = { ...example, data: { ...example.data, shelfMark: 'B 12' } };
    expect(parseEvent(sent)).toEqual({ ok: true, value: example });
  });

  it('names every field that breaks the contract', () => {
    const sent = { ...example, data: { ...example.data, revision: 0, title: 7 } };
    expect(parseEvent(sent)).toMatchObject({
      ok: false,
      error: {
        code: 'invalid',
        type: 'newscience.article.Updated.v1',
        faults: [{ pointer: '/data/revision' }, { pointer: '/data/title' }],
      },
    });
  });

  it('refuses a subject that is not the id in the data, because the key would be wrong', () => {
    expect(parseEvent({ ...example, subject: 'another-article' })).toMatchObject({
      ok: false,
      error: { code: 'invalid', faults: [{ pointer: '/subject' }] },
    });
  });

  it.each([
    ['newscience.article.Updated.v2', 'unknown_version'],
    ['newscience.article.Praised.v1', 'unknown_type'],
    ['newscience.weather.Changed.v1', 'unknown_type'],
    ['newscience.article.updated.v1', 'not_an_event'],
    ['com.example.article', 'not_an_event'],
  ])('answers %s with %s', (type, code) => {
    expect(parseEvent({ ...example, type })).toMatchObject({ ok: false, error: { code } });
  });

  it.each([
    ['nothing', undefined],
    ['a text', 'newscience.article.Updated.v1'],
    ['a list', []],
    ['no id', { ...example, id: undefined }],
    ['an empty id', { ...example, id: '' }],
    ['another version of CloudEvents', { ...example, specversion: '0.3' }],
    ['a local time', { ...example, time: '2026-03-02T09:12:44+01:00' }],
    ['a broken trace', { ...example, traceparent: 'x' }],
    ['a control character', { ...example, subject: 'a\u0000b' }],
  ])('answers %s with not_an_event', (_, candidate) => {
    expect(parseEvent(candidate)).toMatchObject({ ok: false, error: { code: 'not_an_event' } });
  });
});

describe('a user event', () => {
  it('carries neither mail address nor secret, whatever was put in', () => {
    const registered = exampleOf('newscience.user.Registered.v1');
    const sent = {
      ...registered,
      data: { ...registered.data, email: 'ines@example.org', password: 'x' },
    };
    expect(parseEvent(sent)).toEqual({ ok: true, value: registered });
  });
});
