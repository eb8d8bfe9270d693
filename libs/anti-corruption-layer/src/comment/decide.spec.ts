import { describe, expect, it } from '@jest/globals';
import { exampleComment } from '@newscience/event-contracts/comment/content';

import type { Decision, Published } from '../published.ts';
import { decideComment } from './decide.ts';
import type { CommentState } from './translate.ts';

const at = '2026-04-01T08:00:00.000Z';
const visible: CommentState = { status: 'visible', content: exampleComment };
const hidden: CommentState = { status: 'hidden', content: exampleComment };
const anonymous: CommentState = {
  status: 'visible',
  content: { ...exampleComment, author: null },
};
const told = ({ events }: Decision) =>
  events.map(({ type, id }) => `${type.split('.')[2] ?? ''} ${id.split('/')[1] ?? ''}`);

/** What was told after these states, one after the other. */
const after = (...states: (CommentState | null)[]): Published | null =>
  states.reduce<Published | null>(
    (before, state) => decideComment(before, state, at).published,
    null,
  );

describe('given nothing was told of a comment', () => {
  it.each([
    ['visible', visible, ['Posted posted']],
    ['hidden', hidden, ['Posted posted', 'Hidden hidden-2']],
    ['erased', { status: 'erased' as const }, []],
    ['gone', null, []],
  ])('when it is %s', (_, state, expected) => {
    expect(told(decideComment(null, state, at))).toEqual(expected);
  });
});

describe('given a comment that is shown', () => {
  it.each([
    ['the same', visible, []],
    ['hidden', hidden, ['Hidden hidden-2']],
    ['without its writer', anonymous, ['Updated updated-2']],
    ['erased', { status: 'erased' as const }, ['Deleted deleted']],
    ['gone', null, ['Deleted deleted']],
  ])('when it is %s', (_, state, expected) => {
    expect(told(decideComment(after(visible), state, at))).toEqual(expected);
  });
});

describe('given a hidden comment', () => {
  it.each([
    ['the same', hidden, []],
    ['shown', visible, ['Restored restored-3']],
    ['shown without its writer', anonymous, ['Restored restored-3']],
    ['hidden without its writer', { ...anonymous, status: 'hidden' as const }, ['Hidden hidden-3']],
    ['gone', null, ['Deleted deleted']],
  ])('when it is %s', (_, state, expected) => {
    expect(told(decideComment(after(visible, hidden), state, at))).toEqual(expected);
  });

  it('a second hiding is another event than the first', () => {
    const decision = decideComment(after(visible, hidden, visible), hidden, at);
    expect(told(decision)).toEqual(['Hidden hidden-4']);
  });
});

it('neither text nor name is remembered', () => {
  expect(JSON.stringify(after(visible)?.data)).not.toMatch(/violet|Ines/);
});

it('nothing is remembered of what is gone', () => {
  expect(after(visible, null)).toBeNull();
});
