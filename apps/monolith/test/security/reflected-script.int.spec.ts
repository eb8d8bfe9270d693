import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { editor, password } from '../monolith.ts';
import { expectHarmless, payloads, startPlantedSite } from './planted-site.ts';
import type { PlantedSite } from './planted-site.ts';
import { createVisitor } from './visitor.ts';

let site: PlantedSite;
beforeAll(async () => {
  site = await startPlantedSite();
});
afterAll(() => site.close());

describe('script that is reflected', () => {
  const each = payloads.map((payload) => encodeURIComponent(payload));

  it('runs on no page, whatever part of the address it is in', async () => {
    const visitor = createVisitor(site.url);
    for (const payload of each) {
      const addresses = [
        `/search?q=${payload}`,
        `/login?next=${payload}`,
        `/login?next=/${payload}`,
        `/register?next=/${payload}`,
        `/?done=${payload}`,
        `/?cursor=${payload}`,
        `/${payload}`,
        `/articles/${payload}`,
        `/articles/${site.article}?comments=${payload}`,
        `/articles/${site.article}?${payload}=1`,
        `/sections/${payload}`,
        `/topics/${payload}?cursor=${payload}`,
        `/authors/${payload}?cursor=${payload}`,
        `/unsubscribe/${payload}`,
        `/most-read?window=${payload}`,
        `/pictures/${payload}/x.svg`,
        `/assets/x/${payload}`,
        `/desk?status=${payload}`,
      ];
      for (const path of addresses) {
        const answer = await visitor.call(path, { headers: { accept: 'text/html' } });
        if (!(answer.headers.get('content-type') ?? 'text/html').startsWith('text/html')) {
          expect([path, answer.headers.get('content-type')]).toEqual([
            path,
            expect.stringMatching(/^(image\/svg\+xml|text\/plain)/),
          ]);
          continue;
        }
        if (answer.status < 300 || answer.status >= 400) expectHarmless(answer);
        else expect(decodeURIComponent(answer.headers.get('location') ?? '')).toMatch(/^\/(?!\/)/);
      }
    }
  });

  it('draws nothing in pictures', async () => {
    for (const payload of each) {
      const answer = await createVisitor(site.url).call(`/pictures/${payload}/${payload}.svg`);
      expect(answer.text).not.toMatch(/<script|onerror|onload|<foreignObject/i);
    }
  });

  it('runs in no form that is shown again', async () => {
    const visitor = createVisitor(site.url);
    for (const payload of payloads) {
      expectHarmless(
        await visitor.send('/login', '/login', {
          email: payload,
          password: 'x',
          next: `/${payload}`,
        }),
      );
      expectHarmless(
        await visitor.send('/register', '/register', {
          email: payload,
          name: payload,
          password: 'short',
          next: payload,
        }),
      );
    }
    const writer = createVisitor(site.url);
    await writer.logIn(editor.email, password);
    for (const payload of payloads) {
      const fields = Object.fromEntries(
        [
          'kicker',
          'summary',
          'body',
          'section',
          'authors',
          'topics',
          'keywords',
          'type',
          'related',
          'sourceName',
          'sourceUrl',
          'licenceName',
          'licenceUrl',
          'bodyKind',
          'embargo',
        ].map((name) => [name, payload]),
      );
      expectHarmless(await writer.send('/desk/new', '/desk/new', { ...fields, title: '' }));
      expectHarmless(
        await writer.send(`/desk/articles/${site.article}`, `/desk/articles/${site.article}`, {
          ...fields,
          title: payload,
          revision: '1',
        }),
      );
      expectHarmless(
        await writer.send('/account', '/account/follow', {
          topic: payload,
          section: `${payload}x`,
          next: payload,
        }),
      );
      const long = payload.padEnd(6000, 'x');
      expectHarmless(
        await writer.send(`/articles/${site.article}`, `/articles/${site.article}/comments`, {
          text: long,
          parent: payload,
        }),
      );
      expectHarmless(
        await writer.call(`/articles/${site.article}/comments`, {
          form: { text: payload },
          headers: { accept: 'text/html' },
        }),
      );
    }
  });

  it('is data in the problems of the API', async () => {
    const visitor = createVisitor(site.url);
    for (const payload of each) {
      for (const path of [
        `/api/v1/articles?limit=${payload}`,
        `/api/v1/articles/${payload}`,
        `/api/${payload}`,
        `/api/v1/most-read?window=${payload}`,
      ]) {
        const answer = await visitor.call(path, { headers: { accept: 'text/html' } });
        expect(answer.headers.get('content-type')).toMatch(/^application\/(problem\+)?json/);
        expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      }
    }
  });
});
