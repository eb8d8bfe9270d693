import { describe, expect, it } from '@jest/globals';

import { runEvents } from './program.ts';

describe('the command line', () => {
  it.each([
    [''],
    ['frobnicate'],
    ['dead'],
    ['dead show'],
    ['dead show 12'],
    ['dead show activity-service/0'],
    ['dead discard activity-service/1'],
    ['dead list --limit none'],
    ['dead list --before 12'],
    ['tail --since yesterday'],
    ['tail --limit 0'],
    ['lag --service nonsense'],
    ['lag extra'],
  ])('ends with 2 where it is used wrongly: %j', async (line) => {
    const said: string[] = [];
    const code = await runEvents(line.split(' ').filter(Boolean), {
      ...{ env: {}, cwd: '/nowhere', signal: new AbortController().signal },
      out: (text) => said.push(text),
      err: (text) => said.push(text),
    });
    expect(code).toBe(2);
    expect(said.join('')).not.toBe('');
  });
});
