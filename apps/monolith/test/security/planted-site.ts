import { expect } from '@jest/globals';
import { z } from 'zod';
import { editor, operator, startMonolith } from '../monolith.ts';
import type { Env, TestMonolith } from '../monolith.ts';
import { createSiteClient } from '../site-client.ts';
import type { Answer } from '../site-client.ts';

/** Each would run, or break out of an attribute, if it got onto a page as it is. */
export const payloads = [
  '<script>xss(1)</script>',
  '"><img src=x onerror=xss(2)>',
  `' onmouseover='xss(3)`,
  '" autofocus onfocus="xss(4)',
  '</title></textarea><svg onload=xss(5)>',
  '<%= xss(6) %>',
  ']]><script>xss(7)</script>',
  'javascript:xss(8)//',
];
const all = payloads.join(' ');
const short = all.slice(0, 190);
const withId = z.looseObject({ id: z.string() });

export type PlantedSite = TestMonolith & { article: string };

/** A site with each payload in each field that somebody can fill. */
export async function startPlantedSite(env: Env = {}): Promise<PlantedSite> {
  const site = await startMonolith(env);
  const client = createSiteClient(site.url);
  const token = await client.token(editor.email);
  const reader = await client.registered('xss@example.org', all.slice(0, 80));
  const line = {
    id: 'xss-sections',
    title: 'T',
    body: 'B',
    section: '<svg onload=xss(0)>',
    author: 'A',
    authors: ['A'],
    keywords: [],
    related: [],
    topics: ['t'],
    publishedAt: '2024-01-01',
    type: 'News',
    bodyKind: 'full',
    licence: 'CC0',
    licenceUrl: 'https://example.org/',
    source: 'S',
    url: 'https://example.org/',
  };
  const headers = { 'content-type': 'application/x-ndjson' };
  await client.call('/api/v1/imports/articles', { token, headers, raw: JSON.stringify(line) });
  const sections = z
    .looseObject({ items: z.array(z.looseObject({ code: z.string() })) })
    .parse((await client.call('/api/v1/sections')).body);
  const json = {
    title: all,
    kicker: short,
    summary: all,
    body: `${all}\n\n${payloads.join('\n\n')}`,
    section: sections.items[0]?.code ?? '',
    authors: payloads,
    topics: payloads,
    keywords: payloads,
    type: short,
    bodyKind: short,
    source: { name: short, url: `https://example.org/?"><script>xss(9)</script>` },
    licence: { name: short, url: `https://example.org/#' onclick='xss(10)` },
  };
  const draft = await client.call('/api/v1/articles', { token, json });
  if (draft.status !== 201) throw new Error(draft.text);
  const article = withId.parse(draft.body).id;
  const published = await client.call(`/api/v1/articles/${article}/publish`, {
    method: 'POST',
    token,
    headers: { 'if-match': '"1"' },
  });
  if (published.status !== 200) throw new Error(published.text);
  const comments = `/api/v1/articles/${article}/comments`;
  const comment = withId.parse(
    (await client.call(comments, { token: reader, json: { text: all } })).body,
  ).id;
  await client.call(comments, { token: reader, json: { text: all, parentId: comment } });
  await client.call(`/api/v1/comments/${comment}/report`, { token, json: { reason: all } });
  for (const topic of payloads)
    await client.call(`/api/v1/me/subscriptions/topics/${encodeURIComponent(topic)}`, {
      method: 'PUT',
      token: reader,
    });
  await client.call('/api/v1/search/batch-runs?wait=true', {
    method: 'POST',
    token: await client.token(operator.email),
  });
  return { ...site, article };
}

/** What is wrong with a page: a payload that stands there as it is, or anything that runs and is not a file of the site. */
export function dangers(html: string): string[] {
  const tags = html.match(/<[a-z][^>]*>/gi) ?? [];
  return [
    ...payloads.filter((payload) => !payload.startsWith('javascript:') && html.includes(payload)),
    ...tags.filter((tag) => /\son\w+\s*=/i.test(tag.replace(/"[^"]*"|'[^']*'/g, '""'))),
    ...tags.filter(
      (tag) => /^<script/i.test(tag) && !/ src="\/assets\/[\w.-]+\/[\w.-]+"/.test(tag),
    ),
    ...tags.filter((tag) =>
      /\s(href|src|action|formaction)\s*=\s*["']?\s*(javascript|data|vbscript):/i.test(tag),
    ),
    ...tags.filter((tag) => /^<(iframe|object|embed|base)\b/i.test(tag)),
  ];
}

/** Expects a page that none of the payloads runs on, with headers that would stop them. */
export function expectHarmless({ headers, text }: Answer): void {
  expect(headers.get('content-type')).toMatch(/^text\/html/);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('content-security-policy')).toMatch(/script-src 'self'(;|$)/);
  expect(headers.get('content-security-policy')).not.toMatch(/unsafe|\*|data:[^;]*script/);
  expect(dangers(text)).toEqual([]);
}
