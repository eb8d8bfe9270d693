import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { editor, operator } from '../monolith.ts';
import { createSiteClient } from '../site-client.ts';
import { dangers, expectHarmless, payloads, startPlantedSite } from './planted-site.ts';
import type { PlantedSite } from './planted-site.ts';
import { createVisitor } from './visitor.ts';

let mail: string;
let site: PlantedSite;
beforeAll(async () => {
  mail = mkdtempSync(join(tmpdir(), 'newscience-xss-mail-'));
  site = await startPlantedSite({ MAIL_URL: pathToFileURL(mail).href });
});
afterAll(async () => {
  await site.close();
  rmSync(mail, { recursive: true });
});

describe('the check itself', () => {
  it.each(payloads.filter((payload) => !payload.startsWith('javascript:')))(
    'finds %s',
    (payload) => {
      expect(dangers(`<p title="${payload}">${payload}</p>`)).not.toEqual([]);
    },
  );
  it.each(['<a href="javascript:xss(8)//">', '<div onclick=x>', '<script>', '<iframe src="/x">'])(
    'finds %s',
    (tag) => {
      expect(dangers(tag)).not.toEqual([]);
    },
  );
});

describe('script that was stored', () => {
  const pages = () => {
    const list = [
      '/',
      '/most-read',
      '/search?q=xss',
      `/articles/${site.article}`,
      '/articles/xss-sections',
    ];
    for (const payload of payloads)
      list.push(
        `/topics/${encodeURIComponent(payload)}`,
        `/authors/${encodeURIComponent(payload)}`,
      );
    return list;
  };

  it('runs on no page that a visitor sees', async () => {
    const visitor = createVisitor(site.url);
    const sections = z
      .looseObject({ items: z.array(z.looseObject({ code: z.string() })) })
      .parse((await visitor.call('/api/v1/sections')).body);
    for (const path of [
      ...pages(),
      ...sections.items.map(({ code }) => `/sections/${encodeURIComponent(code)}`),
    ]) {
      const answer = await visitor.call(path);
      expect([path, answer.status]).toEqual([path, 200]);
      expectHarmless(answer);
    }
  });

  it('is there to be read, as text', async () => {
    const { text } = await createVisitor(site.url).call(`/articles/${site.article}`);
    expect(text).toContain('&lt;script&gt;xss(1)&lt;/script&gt;');
  });

  it('runs on no page of its author, of an editor or of the operator', async () => {
    for (const email of ['xss@example.org', editor.email, operator.email]) {
      const visitor = createVisitor(site.url);
      await visitor.logIn(email);
      const desk =
        email === 'xss@example.org'
          ? []
          : ['/desk', '/desk/new', '/desk/comments', `/desk/articles/${site.article}`];
      for (const path of [...pages(), '/account', ...desk]) {
        const answer = await visitor.call(path);
        expect([path, answer.status]).toEqual([path, 200]);
        expectHarmless(answer);
      }
    }
  });

  it('is text in feeds', async () => {
    const { headers, text } = await createVisitor(site.url).call('/feed.xml');
    expect(headers.get('content-type')).toMatch(/xml/);
    expect(text).toContain('xss(1)');
    for (const payload of payloads.filter((one) => one.includes('<')))
      expect(text).not.toContain(payload);
  });

  it('is data in the API', async () => {
    for (const path of [
      `/api/v1/articles/${site.article}`,
      `/api/v1/articles/${site.article}/comments`,
      '/api/v1/search?q=xss',
    ]) {
      const { headers, text } = await createVisitor(site.url).call(path);
      expect(text).toContain('xss(1)');
      expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain(`default-src 'none'`);
    }
  });

  it('is text in the mail of the digest', async () => {
    const client = createSiteClient(site.url);
    await site.query(`UPDATE sub_itm SET crt_ts = now() - interval '2 days'`);
    const run = await client.call('/api/v1/digest/runs', {
      method: 'POST',
      token: await client.token(operator.email),
    });
    expect(run.status).toBe(200);
    const files = readdirSync(mail, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.eml'),
    );
    expect(files).toHaveLength(1);
    const source = readFileSync(join(mail, files[0] ?? ''), 'utf8')
      .replace(/=\r?\n/g, '')
      .replace(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)));
    const html = source.slice(source.indexOf('text/html'));
    expect(html).toContain('xss(1)');
    expect(dangers(html.replace(/<style[^]*?<\/style>/g, ''))).toEqual([]);
  });

  it('cannot be an address: only http and https are', async () => {
    const client = createSiteClient(site.url);
    const token = await client.token(editor.email);
    for (const url of [
      'javascript:xss()',
      'JaVaScRiPt:xss()',
      'data:text/html,<script>xss()</script>',
      'vbscript:x',
      '//evil.example',
      '/x',
      'https://',
    ]) {
      const json = {
        title: 'T',
        body: 'B',
        section: 'unsorted',
        authors: ['A'],
        source: { name: 'S', url },
      };
      expect((await client.call('/api/v1/articles', { token, json })).status).toBe(400);
    }
  });
});
