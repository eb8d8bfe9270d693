import { describe, expect, it } from '@jest/globals';
import { draftRoute } from './route.ts';
import { policy } from '../../test/sample-routes.ts';

const written = {
  id: 'search',
  path: '/api/v1/search',
  methods: ['GET'],
  target: 'search',
  stage: 'cutover',
};

describe('what an operator writes about a route', () => {
  it('becomes its content', () => {
    expect(draftRoute(written, policy)).toMatchObject({
      ok: true,
      value: {
        methods: { kind: 'only', names: ['GET'] },
        target: { kind: 'upstream', name: 'search' },
        stage: { name: 'cutover' },
      },
    });
  });

  it('is refused with all faults at once', () => {
    const draft = draftRoute(
      { id: 'Search!', path: 'x', methods: ['get'], target: 'nowhere', stage: 'live' },
      policy,
    );
    expect(draft.ok ? [] : draft.error.map(({ code }) => code)).toEqual([
      'id_invalid',
      'path_invalid',
      'methods_invalid',
      'target_unknown',
      'stage_unknown',
    ]);
  });

  it.each(['a', '0', 'a-b', 'a'.repeat(63)])('may have the id %s', (id) => {
    expect(draftRoute({ ...written, id }, policy).ok).toBe(true);
  });

  it.each(['', '-a', 'A', 'a_b', 'a/b', 'a'.repeat(64), 'default', 'explain'])(
    'may not have the id %j',
    (id) => {
      expect(draftRoute({ ...written, id }, policy)).toMatchObject({
        ok: false,
        error: [{ code: 'id_invalid', value: id }],
      });
    },
  );
});
