import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { policy, tableOf } from '../../test/sample-routes.ts';
import { explain } from './explain.ts';
import { methodsTake, parseMethods, type Methods } from './methods.ts';
import { compileMatcher } from './matcher.ts';
import { parsePathPattern, patternTakes, type PathPattern } from './path-pattern.ts';
import { comparePrecedence, collision, type RouteContent } from './route.ts';
import { EMPTY_TABLE } from './route-table.ts';
import { prepareSteering } from './steering.ts';

const table = tableOf({
  search: { path: '/api/v1/search', methods: ['GET', 'HEAD'] },
  'search-any': { path: '/api/v1/search', target: 'articles' },
  api: { path: '/api/v1/*', target: 'articles', stage: 'monolith' },
  article: { path: '/api/v1/articles/:id', methods: ['GET'], target: 'articles' },
  comments: { path: '/api/v1/articles/:id/comments', target: 'articles' },
  latest: { path: '/api/v1/articles/latest', target: 'http://127.0.0.1:9999' },
});

describe('steering', () => {
  const { steer } = prepareSteering(table, policy);

  it.each([
    ['GET', '/api/v1/search', 'search', 'search'],
    ['HEAD', '/api/v1/search/?q=x', 'search', 'search'],
    ['GET', '/api/v1/%73earch', 'search', 'search'],
    ['POST', '/api/v1/search', 'search-any', 'articles'],
    ['GET', '/api/v1/articles/latest', 'latest', '127.0.0.1:9999'],
    ['GET', '/api/v1/articles/7', 'article', 'articles'],
    ['DELETE', '/api/v1/articles/7', 'api', 'monolith'],
    ['GET', '/api/v1/articles/7%2Fcomments', 'article', 'articles'],
    ['GET', '/api/v1/articles/7/comments', 'comments', 'articles'],
    ['GET', '/api/v1', 'default', 'monolith'],
    ['GET', '/api/v1/', 'default', 'monolith'],
    ['GET', '/API/v1/search', 'default', 'monolith'],
    ['GET', '/api/v1/SEARCH', 'api', 'monolith'],
    ['GET', '/api%2Fv1/search', 'default', 'monolith'],
    ['GET', '/api/v1//search', 'default', 'monolith'],
    ['GET', '//api/v1/search', 'default', 'monolith'],
    ['GET', '/api/./v1/search', 'default', 'monolith'],
    ['GET', '/x/../api/v1/search', 'default', 'monolith'],
    ['GET', '/api/v1/search/../articles/7', 'default', 'monolith'],
    ['GET', '/api/v1/articles/%2e%2e%2fsearch', 'default', 'monolith'],
    ['GET', '/api/v1/search%00', 'default', 'monolith'],
    ['GET', '/x?/api/v1/search', 'default', 'monolith'],
    ['GET', '/', 'default', 'monolith'],
    ['OPTIONS', '*', 'default', 'monolith'],
    ['get', '/api/v1/articles/7', 'api', 'monolith'],
  ])('%s %s goes to route %s, %s', (method, target, routeId, upstream) => {
    expect(steer(method, target)).toMatchObject({ routeId, upstream: { name: upstream } });
    expect(explain(prepareSteering(table, policy), method, target).decision).toEqual(
      steer(method, target),
    );
  });

  it('goes to the monolith where there is no route at all', () => {
    expect(prepareSteering(EMPTY_TABLE, policy).steer('GET', '/api/v1/search')).toEqual({
      routeId: 'default',
      stage: 'monolith',
      upstream: { name: 'monolith', origin: 'http://127.0.0.1:8082' },
    });
  });

  it('keeps a route with the monolith where this instance does not know its target', () => {
    const narrow = { ...policy, upstreams: new Map([['monolith', 'http://127.0.0.1:8082']]) };
    const steering = prepareSteering(table, narrow);
    expect(steering.steer('GET', '/api/v1/search')).toMatchObject({
      routeId: 'search',
      stage: 'cutover',
      upstream: { name: 'monolith' },
    });
    expect(steering.unresolved.map(({ id }) => id)).toEqual([
      'search',
      'search-any',
      'article',
      'comments',
    ]);
    expect(explain(steering, 'GET', '/api/v1/search').because).toContain(
      'does not know its target',
    );
  });

  it('needs a monolith', () => {
    expect(() => prepareSteering(table, { ...policy, upstreams: new Map() })).toThrow(
      'no monolith',
    );
  });

  it('never throws, whatever is sent', () => {
    const anyPath = fc.array(
      fc.constantFrom(
        '/',
        '.',
        '..',
        '%',
        '%2F',
        '%2e',
        '%C0',
        '\\',
        '?',
        '#',
        'api',
        'v1',
        'search',
        ':',
        '*',
        '\u0000',
        '\ud800',
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(
        fc.string(),
        fc.oneof(
          fc.string({ unit: 'binary' }),
          anyPath.map((parts) => parts.join('')),
        ),
        (method, target) => {
          expect(typeof steer(method, target).upstream.origin).toBe('string');
        },
      ),
    );
  });
});

describe('the compiled matcher', () => {
  type Entry = { pattern: PathPattern; methods: Methods; value: number };

  /** The rules, read plainly: of all that take the request, the first in the order of precedence. */
  function reference(
    entries: readonly Entry[],
    method: string,
    path: readonly string[],
  ): number | undefined {
    return entries
      .filter((entry) => patternTakes(entry.pattern, path) && methodsTake(entry.methods, method))
      .sort((a, b) => comparePrecedence(asContent(a), asContent(b)))[0]?.value;
  }

  const asContent = ({ pattern, methods }: Entry): RouteContent => ({
    pattern,
    methods,
    target: { kind: 'upstream', name: 'x' },
    stage: { name: 'cutover' },
  });

  const word = fc.constantFrom('a', 'b', 'c');
  const segment = fc.oneof(
    { weight: 3, arbitrary: word },
    { weight: 1, arbitrary: fc.constantFrom(':x', ':y') },
  );
  const source = fc
    .tuple(fc.array(segment, { maxLength: 4 }), fc.boolean())
    .map(([segments, tail]) => `/${[...segments, ...(tail ? ['*'] : [])].join('/')}`);
  const entry = fc
    .tuple(source, fc.subarray(['GET', 'POST', 'PUT']))
    .map(([text, names]) => ({ pattern: parsePathPattern(text), methods: parseMethods(names) }));

  it('agrees with the plain reading of the rules, for any table and any request', () => {
    const path = fc.array(word, { maxLength: 5 });
    const method = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE');
    let matched = 0;
    fc.assert(
      fc.property(
        fc.array(entry, { maxLength: 12 }),
        fc.array(fc.tuple(method, path), { minLength: 1, maxLength: 20 }),
        (written, requests) => {
          const entries: Entry[] = [];
          for (const [value, { pattern, methods }] of written.entries()) {
            if (!pattern.ok || !methods.ok) continue;
            const candidate = { pattern: pattern.value, methods: methods.value, value };
            if (
              entries.every(
                (other) => collision(asContent(candidate), asContent(other)).length === 0,
              )
            )
              entries.push(candidate);
          }
          const match = compileMatcher(entries);
          for (const [name, segments] of requests) {
            const found = match(name, segments);
            if (found !== undefined) matched += 1;
            expect(found).toBe(reference(entries, name, segments));
          }
        },
      ),
      { numRuns: 500 },
    );
    expect(matched).toBeGreaterThan(500);
  });

  it('does not depend on the order in which routes were written', () => {
    const routes = ['/a/*', '/a/:x', '/a/b', '/*'].map((text, value) => ({
      pattern: parsePathPattern(text),
      value,
    }));
    const entries = routes.flatMap(({ pattern, value }) =>
      pattern.ok ? [{ pattern: pattern.value, methods: { kind: 'any' as const }, value }] : [],
    );
    const forward = compileMatcher(entries);
    const backward = compileMatcher([...entries].reverse());
    for (const path of [['a', 'b'], ['a', 'c'], ['a', 'b', 'c'], ['a'], []])
      expect(forward('GET', path)).toBe(backward('GET', path));
  });
});

describe('an explanation', () => {
  const steering = prepareSteering(table, policy);
  const outcomes = (method: string, target: string) =>
    Object.fromEntries(
      explain(steering, method, target).candidates.map(({ route, outcome, because }) => [
        route.id,
        [outcome, because],
      ]),
    );

  it('names the winner and says why each other lost', () => {
    expect(outcomes('GET', '/api/v1/search')).toEqual({
      search: ['chosen', 'the most specific route that takes path and method'],
      'search-any': ['less_specific', 'route "search" has the same path and names the method'],
      api: [
        'less_specific',
        'route "search" is more specific: at segment 3 it has a literal, this one "*"',
      ],
      latest: ['path_not_taken', 'segment 3 should be "articles", is "search"'],
      article: ['path_not_taken', 'segment 3 should be "articles", is "search"'],
      comments: ['path_not_taken', 'segment 3 should be "articles", is "search"'],
    });
    expect(explain(steering, 'GET', '/api/v1/search').because).toBe(
      'route "search" takes it, and at stage "cutover" search answers',
    );
  });

  it('says where only the method is in the way', () => {
    expect(outcomes('PUT', '/api/v1/articles/7')).toMatchObject({
      article: ['method_not_taken', 'takes GET only'],
      api: ['chosen', expect.any(String)],
    });
    expect(explain(steering, 'PUT', '/api/v1/articles/7').because).toBe(
      'route "api" takes it, and at stage "monolith" the monolith answers',
    );
  });

  it('says when nothing takes it', () => {
    expect(explain(steering, 'GET', '/')).toMatchObject({
      decision: { routeId: 'default' },
      because: 'no route takes it, so the route "default" does',
      readAs: [],
    });
  });

  it('says why an ambiguous path is not steered', () => {
    const explanation = explain(steering, 'GET', '/api//v1/search');
    expect(explanation).toMatchObject({ decision: { routeId: 'default' }, readAs: null });
    expect(explanation.because).toContain('empty segment');
    expect(explanation.candidates.every(({ outcome }) => outcome === 'path_ambiguous')).toBe(true);
  });
});
