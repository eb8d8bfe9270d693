import { describe, expect, it } from '@jest/globals';

import { createWakeUp } from './wake-up.ts';

const forever = 1_000_000;

describe('a wake-up', () => {
  it('ends a sleep', async () => {
    const wakeUp = createWakeUp();
    const slept = wakeUp.wait(forever);
    wakeUp.raise();
    await slept;
  });

  it('is remembered when it comes before the sleep, once', async () => {
    const wakeUp = createWakeUp();
    wakeUp.raise();
    wakeUp.raise();
    await wakeUp.wait(forever);
    let woken = false;
    const second = wakeUp.wait(30).then(() => (woken = true));
    await Promise.resolve();
    expect(woken).toBe(false);
    await second;
  });
});
