import { describe, expect, it } from '@jest/globals';

import { type Arrival, planIntake } from './intake.ts';

const arrival = (id: string): Arrival => ({ id, key: id.slice(0, 1) });
const plan = (batch: string[], ids: string[] = [], blocked: string[] = []): string =>
  planIntake(batch.map(arrival), { ids: new Set(ids), blockedKeys: new Set(blocked) }).join(' ');

describe('the plan for a batch', () => {
  it('is to handle everything while nothing waits', () => {
    expect(plan(['a1', 'b1', 'a2'])).toBe('handle handle handle');
  });

  it('lets events of a blocked key wait, and those of all others flow', () => {
    expect(plan(['a2', 'b1', 'a3'], ['a1'], ['a'])).toBe('wait handle wait');
  });

  it('takes an event that is held already for a repetition', () => {
    expect(plan(['a1', 'a2'], ['a1'], ['a'])).toBe('repeated wait');
  });

  it('lets a key flow whose only held event is a dead letter', () => {
    expect(plan(['a1', 'a2'], ['a1'], [])).toBe('repeated handle');
  });

  it('lets an event that is delivered twice in a batch wait once', () => {
    expect(plan(['a2', 'a2'], [], ['a'])).toBe('wait repeated');
  });

  it('is empty for an empty batch', () => {
    expect(plan([])).toBe('');
  });
});
