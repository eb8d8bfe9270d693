import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkOpenApi } from '@newscience/service-kit/openapi';
import { z } from 'zod';
import { openApi } from '../../src/openapi.ts';
import { openSession } from '../browser-session.ts';
import { operator, password } from '../monolith.ts';
import { createSiteClient } from '../site-client.ts';
import { importJourney, readingJourney, writingJourney } from './article-journeys.ts';
import { startCheckedSite } from './checked-site.ts';
import type { CheckedSite } from './checked-site.ts';
import { accountJourney, commentJourney, subscriptionJourney } from './reader-journeys.ts';
import { searchJourney } from './search-journey.ts';

/** Answered by the kit for each operation, but reached by no request: a fault on our side, a database that is away. */
const ofOurSide = / (500|503)$/;
/** Documented by the kit for all that needs a log-in; reading one's own things needs no role. */
const forEveryUser = ['GET /api/v1/me 403', 'GET /api/v1/me/subscriptions 403'];

const newPassword = 'orbits of the outer planets';
const operations = z
  .record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({ security: z.unknown().optional(), requestBody: z.unknown().optional() }),
    ),
  )
  .parse(openApi.paths);

let checked: CheckedSite;
beforeAll(async () => {
  checked = await startCheckedSite();
});
afterAll(() => checked.site.close());

describe('real responses are as documented', () => {
  it('when articles are imported', () => importJourney(checked));
  it('when articles are written', () => writingJourney(checked));
  it('when articles are read', () => readingJourney(checked));
  it('when articles are discussed', () => commentJourney(checked));
  it('when topics are followed', () => subscriptionJourney(checked));
  it('when articles are searched', () => searchJourney(checked));
  it('when accounts are made, changed and deleted', () => accountJourney(checked));

  it('for each operation without a log-in, from another site, and with a body that is none', async () => {
    const { see, site, tokens } = checked;
    const session = await openSession(site, operator.email);
    for (const [pattern, methods] of Object.entries(operations)) {
      const id = pattern.includes('articles')
        ? 'ns-imported'
        : '00000000-0000-4000-8000-000000000000';
      const path = pattern.replace('{id}', id).replace(/\{\w+\}/, 'x');
      const revision = pattern.includes('/articles/{id}') ? { 'if-match': '"1"' } : {};
      for (const [method, { security, requestBody }] of Object.entries(methods)) {
        if (security !== undefined) {
          await see(401, path, { method, headers: revision });
          await see(401, path, { method, headers: revision, token: 'not.a.token' });
          if (method !== 'get')
            await see(403, path, { method, headers: { ...revision, cookie: session.cookie } });
        }
        // These two read bodies of other types; their journeys have the rest.
        if (
          requestBody === undefined ||
          pattern.includes('imports') ||
          pattern.includes('unsubscribe')
        )
          continue;
        const as = { method, token: tokens.operator };
        const json = { ...revision, 'content-type': 'application/json' };
        await see(415, path, {
          ...as,
          headers: { ...revision, 'content-type': 'text/plain' },
          raw: 'x',
        });
        await see(400, path, { ...as, headers: json, raw: '{' });
        await see(400, path, { ...as, headers: json, raw: '[]' });
        await see(413, path, { ...as, headers: json, raw: ' '.repeat(4 * 1024 * 1024 + 1) });
      }
    }
  });

  it('for too many attempts', async () => {
    const { see, site } = checked;
    const token = await createSiteClient(site.url).token('reader@example.org', newPassword);
    const json = { password: 'wrong password' };
    for (let i = 0; i < 10; i += 1) await see(403, '/api/v1/me', { method: 'DELETE', token, json });
    await see(429, '/api/v1/me', { method: 'DELETE', token, json });
    await see(429, '/api/v1/me/password', { token, json: { currentPassword: 'x', newPassword } });
    await see(429, '/api/v1/tokens', { json: { email: 'reader@example.org', password } });

    const register = { json: { email: 'many@example.org', name: 'Many', password } };
    await see(429, '/api/v1/accounts', register);
  });

  it('in a document that is committed as it is', () => {
    expect(checkOpenApi(join(import.meta.dirname, '../../openapi.yaml'), openApi)).toBe('fresh');
  });

  it('with no difference, and no operation or answer left out', () => {
    expect(checked.faults).toEqual([]);
    expect(checked.uncovered().filter((one) => !ofOurSide.test(one))).toEqual(forEveryUser);
  });
});
