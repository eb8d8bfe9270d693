import { describe, expect, it } from '@jest/globals';
import { countsAsView } from './bots.ts';

const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const counts = (method: string, headers: Record<string, string>) =>
  countsAsView({ method, headers });

describe('a view', () => {
  it('is a GET of a browser', () => {
    expect(counts('GET', { 'user-agent': firefox })).toBe(true);
    expect(counts('HEAD', { 'user-agent': firefox })).toBe(false);
    expect(counts('GET', {})).toBe(false);
  });

  it.each([
    'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
    'Mozilla/5.0 (compatible; bingbot/2.0)',
    'Mozilla/5.0 (compatible; Baiduspider/2.0)',
    'Mozilla/5.0 (compatible; Yahoo! Slurp)',
    'facebookexternalhit/1.1',
    'SomeCrawler 1.0',
    'Twitterbot',
  ])('is none by %s', (agent) => {
    expect(counts('GET', { 'user-agent': agent })).toBe(false);
  });

  it('is one on a telephone whose maker is called so', () => {
    expect(
      counts('GET', {
        'user-agent': 'Mozilla/5.0 (Linux; Android 9; CUBOT X19) Chrome/120 Mobile',
      }),
    ).toBe(true);
  });

  it.each([
    { 'sec-purpose': 'prefetch;prerender' },
    { purpose: 'prefetch' },
    { 'x-moz': 'prefetch' },
  ])('is none that nobody looks at: %j', (headers) => {
    expect(counts('GET', { 'user-agent': firefox, ...headers })).toBe(false);
  });
});
