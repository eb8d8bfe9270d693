import { expect } from '@jest/globals';
import { z } from 'zod';
import { createSiteClient } from '../site-client.ts';
import type { CheckedSite } from './checked-site.ts';

const article = z.looseObject({ id: z.string(), revision: z.int() });
const text = 'Light is scattered by air.\n\nShort waves more than long ones.';
const content = {
  title: 'Why the sky is blue',
  body: text,
  section: 'physics',
  authors: ['Ada Lovelace'],
  topics: ['Optics'],
};
const at = (revision: number) => ({ 'if-match': `"${revision}"` });

/** Brings in one article, which the others read. */
export async function importJourney({ see, tokens }: CheckedSite): Promise<void> {
  const path = '/api/v1/imports/articles';
  const headers = { 'content-type': 'application/x-ndjson' };
  const line = {
    id: 'ns-imported',
    title: 'Imported',
    summary: 'S',
    body: text,
    section: 'Physics',
    author: 'Ada Lovelace',
    authors: ['Ada Lovelace'],
    keywords: [],
    related: [],
    type: 'News',
    bodyKind: 'full',
    topics: ['Optics'],
    publishedAt: '2024-05-01',
    licence: 'CC BY 4.0',
    licenceUrl: 'https://creativecommons.org/licenses/by/4.0/',
    source: 'S',
    url: 'https://example.org/a',
  };
  const imported = await see(200, path, {
    token: tokens.editor,
    headers,
    raw: `${JSON.stringify(line)}\n{"id":7}\nnot json\n`,
  });
  expect(imported.body).toMatchObject({
    results: [{ outcome: 'created' }, { outcome: 'rejected' }, { outcome: 'rejected' }],
  });
  await see(400, path, { token: tokens.editor, headers, raw: '\n' });
  await see(400, path, { token: tokens.editor, headers, raw: '{}\n'.repeat(201) });
  await see(401, path, { headers, raw: '{}' });
  await see(403, path, { token: tokens.reader, headers, raw: '{}' });
  await see(415, path, {
    token: tokens.editor,
    headers: { 'content-type': 'text/plain' },
    raw: '{}',
  });
  await see(413, path, { token: tokens.editor, headers, raw: 'x'.repeat(32 * 1024 * 1024 + 1) });
}

/** Articles from draft to withdrawal. */
export async function writingJourney({ site, see, tokens }: CheckedSite): Promise<void> {
  const draft = async () =>
    article.parse(
      (await see(201, '/api/v1/articles', { json: content, token: tokens.editor })).body,
    );
  const { id, revision } = await draft();
  const path = `/api/v1/articles/${id}`;
  const { editor: token, reader } = tokens;
  const changed = article.parse(
    (
      await see(200, path, {
        method: 'PUT',
        token,
        json: { ...content, kicker: 'Optics' },
        headers: at(revision),
      })
    ).body,
  );
  for (const [action, json] of [
    ['', content],
    ['/publish', undefined],
    ['/schedule', { embargoUntil: '2099-01-01T00:00:00Z' }],
    ['/withdraw', undefined],
  ] as const) {
    const call = {
      method: action === '' ? 'PUT' : 'POST',
      ...(json === undefined ? {} : { json }),
    };
    await see(428, path + action, { ...call, token });
    await see(400, path + action, { ...call, token, headers: { 'if-match': 'x' } });
    await see(403, path + action, { ...call, token: reader, headers: at(revision) });
    await see(401, path + action, { ...call, headers: at(revision) });
    await see(404, `/api/v1/articles/nothing${action}`, {
      ...call,
      token,
      headers: at(revision),
    });
    if (action !== '/withdraw')
      await see(412, path + action, { ...call, token, headers: at(revision) });
  }
  await see(409, `${path}/withdraw`, { method: 'POST', token, headers: at(changed.revision) });
  await see(400, `${path}/schedule`, {
    token,
    json: { embargoUntil: '2001-01-01T00:00:00Z' },
    headers: at(changed.revision),
  });
  const scheduled = article.parse(
    (
      await see(200, `${path}/schedule`, {
        token,
        json: { embargoUntil: '2099-01-01T00:00:00Z' },
        headers: at(changed.revision),
      })
    ).body,
  );
  await see(404, path);
  await see(200, `${path}/withdraw`, { method: 'POST', token, headers: at(scheduled.revision) });
  await see(412, `${path}/withdraw`, { method: 'POST', token, headers: at(revision) });

  const next = await draft();
  const published = article.parse(
    (
      await see(200, `/api/v1/articles/${next.id}/publish`, {
        method: 'POST',
        token,
        headers: at(next.revision),
      })
    ).body,
  );
  await see(409, `/api/v1/articles/${next.id}`, {
    method: 'PUT',
    token,
    json: { ...content, authors: [] },
    headers: at(published.revision),
  });
  await see(409, `/api/v1/articles/${next.id}/publish`, {
    method: 'POST',
    token,
    headers: at(published.revision),
  });
  await see(409, `/api/v1/articles/${next.id}/schedule`, {
    token,
    json: { embargoUntil: '2099-01-01T00:00:00Z' },
    headers: at(published.revision),
  });
  await see(200, `/api/v1/articles/${next.id}/withdraw`, {
    method: 'POST',
    token,
    headers: at(published.revision),
  });
  await see(410, `/api/v1/articles/${next.id}`);
  await see(410, `/api/v1/articles/${next.id}/related`);
  await see(410, `/api/v1/articles/${next.id}/comments`);
  await see(410, `/api/v1/articles/${next.id}/comments`, {
    token: reader,
    json: { text: 'Hello' },
  });
  const contributor = await createSiteClient(site.url).registered('contributor@example.org');
  await site.query(`UPDATE usr SET rol = 'C' WHERE eml_lc = 'contributor@example.org'`);
  await see(410, `/api/v1/articles/${next.id}`, {
    method: 'PUT',
    token: contributor,
    json: content,
    headers: at(published.revision),
  });

  await see(400, '/api/v1/articles', { token, json: { ...content, section: 'nothing' } });
  await see(400, '/api/v1/articles', { token, json: { ...content, role: 'x', title: '' } });
  await see(403, '/api/v1/articles', { token: reader, json: content });
}

/** Articles, their lists, authors and feeds, as readers see them. */
export async function readingJourney({ see, tokens }: CheckedSite): Promise<void> {
  for (const query of ['', '?section=physics', '?topic=Optics&limit=1', '?author=Ada%20Lovelace'])
    await see(200, `/api/v1/articles${query}`);
  await see(400, '/api/v1/articles?limit=0');
  await see(400, '/api/v1/articles?cursor=AAAA');
  await see(401, '/api/v1/articles?status=draft');
  await see(403, '/api/v1/articles?status=draft', { token: tokens.reader });
  await see(200, '/api/v1/articles?status=draft', { token: tokens.editor });
  await see(200, '/api/v1/articles/ns-imported');
  await see(400, `/api/v1/articles/${'x'.repeat(1000)}`);
  await see(200, '/api/v1/articles/ns-imported/related');
  await see(404, '/api/v1/articles/nothing/related');
  await see(400, `/api/v1/articles/${'x'.repeat(1000)}/related`);
  await see(200, '/api/v1/sections');
  await see(200, '/api/v1/topics');
  await see(400, '/api/v1/topics?limit=x');
  await see(200, '/api/v1/authors/Ada%20Lovelace');
  await see(404, '/api/v1/authors/Nobody');
  await see(400, '/api/v1/authors/Ada%20Lovelace?cursor=AAAA');
  await see(200, '/api/v1/most-read?window=24h');
  await see(200, '/api/v1/most-read?window=all');
  await see(400, '/api/v1/most-read?window=x');
  for (const path of ['/feed.xml', '/sections/physics/feed.xml']) {
    const { headers } = await see(200, path);
    await see(304, path, { headers: { 'if-none-match': headers.get('etag') ?? '' } });
  }
  await see(404, '/sections/nothing/feed.xml');
  await see(400, `/sections/${'x'.repeat(1000)}/feed.xml`);
}
