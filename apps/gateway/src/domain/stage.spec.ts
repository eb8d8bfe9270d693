import { describe, expect, it } from '@jest/globals';
import { answeredBy, parseStage, STAGE_NAMES, whyNotTo } from './stage.ts';

describe('a stage', () => {
  it('says whose answer the client gets', () => {
    expect(answeredBy({ name: 'monolith' })).toBe('monolith');
    expect(answeredBy({ name: 'cutover' })).toBe('target');
  });

  it('goes onward and back', () => {
    expect(whyNotTo({ name: 'monolith' }, { name: 'cutover' })).toBeUndefined();
    expect(whyNotTo({ name: 'cutover' }, { name: 'monolith' })).toBeUndefined();
  });

  it.each(STAGE_NAMES)('does not change into itself: %s', (name) => {
    expect(whyNotTo({ name }, { name })).toContain('already');
  });

  it.each(['Cutover', '', 'cut-over', 'toString'])(
    'is refused where it is not known: %j',
    (name) => {
      expect(parseStage(name)).toMatchObject({
        ok: false,
        error: { code: 'stage_unknown', value: name, remedy: 'use one of: monolith, cutover' },
      });
    },
  );

  it.each(STAGE_NAMES)('is read by its name: %s', (name) => {
    expect(parseStage(name)).toEqual({ ok: true, value: { name } });
  });
});
