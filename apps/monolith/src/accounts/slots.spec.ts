import { describe, expect, it } from '@jest/globals';
import { createSlots } from './slots.ts';

describe('slots', () => {
  it('never runs more than allowed at once', async () => {
    const slots = createSlots(2, 10);
    let running = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 10 }, () =>
        slots.run(async () => {
          running += 1;
          most = Math.max(most, running);
          await new Promise((resolve) => setImmediate(resolve));
          running -= 1;
        }),
      ),
    );
    expect(most).toBe(2);
  });

  it('gives its place back when the task fails', async () => {
    const slots = createSlots(1, 0);
    await expect(slots.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await slots.run(() => Promise.resolve(7))).toBe(7);
  });

  it('answers null to whoever finds no place', async () => {
    const slots = createSlots(1, 0);
    const first = slots.run(() => Promise.resolve(1));
    expect(await slots.run(() => Promise.resolve(2))).toBeNull();
    expect(await first).toBe(1);
  });
});
