import { describe, expect, it } from '@jest/globals';

import { createTurns } from './turns.ts';

describe('turns', () => {
  it('come one after the other', async () => {
    const inTurn = createTurns(0);
    const steps: string[] = [];
    const work = (name: string) => async () => {
      steps.push(`${name} begins`);
      await Promise.resolve();
      steps.push(`${name} ends`);
      return name;
    };
    expect(await Promise.all([inTurn(work('a')), inTurn(work('b'))])).toEqual(['a', 'b']);
    expect(steps).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('fail at once right after one has failed', async () => {
    const inTurn = createTurns(3_600_000);
    let asked = 0;
    const fail = () => Promise.reject(new Error(`failed ${(asked += 1)}`));
    await expect(inTurn(fail)).rejects.toThrow('failed 1');
    await expect(inTurn(fail)).rejects.toThrow('failed 1');
    expect(asked).toBe(1);
  });

  it('try again after the pause', async () => {
    const inTurn = createTurns(0);
    await expect(inTurn(() => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect(await inTurn(() => Promise.resolve('back'))).toBe('back');
  });
});
