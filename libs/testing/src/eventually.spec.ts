import { describe, expect, it } from '@jest/globals';

import { eventually } from './eventually.ts';

describe('eventually', () => {
  it('repeats until the assertion holds and gives its value', async () => {
    let attempts = 0;
    const value = await eventually(
      () => {
        attempts += 1;
        if (attempts < 3) throw new Error('not yet');
        return 'done';
      },
      { everyMs: 1 },
    );
    expect([value, attempts]).toEqual(['done', 3]);
  });

  it('ends with the last error', async () => {
    const never = eventually(() => Promise.reject(new Error('no')), { withinMs: 5, everyMs: 1 });
    await expect(never).rejects.toThrow('Still so after 5 ms: no');
  });
});
