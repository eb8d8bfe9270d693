import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConformance } from '@newscience/testing/openapi-conformance';
import { openApi } from '../src/openapi.ts';
import { editor, operator, startMonolith } from './monolith.ts';
import type { TestMonolith } from './monolith.ts';
import { createSiteClient } from './site-client.ts';
import type { Answer } from './site-client.ts';

const path = '/api/v1/imports/articles';
const conformance = createConformance(openApi);
let site: TestMonolith;
let token: string;

beforeAll(async () => {
  site = await startMonolith();
  token = await createSiteClient(site.url).token(editor.email);
});
afterAll(() => site.close());

async function send(
  raw: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
  as: string | null = token,
): Promise<Answer> {
  const answer = await createSiteClient(site.url).call(path, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', ...headers },
    raw,
    ...(as === null ? {} : { token: as }),
  });
  const { status, text: body } = answer;
  expect(
    conformance.check({ method: 'POST', path, status, headers: answer.headers, body }),
  ).toEqual([]);
  return answer;
}

const article = {
  title: 'On tides',
  authors: ['Ada Lovelace'],
  publishedAt: '2019-05-04',
  body: 'The moon pulls.\n\nThe sea follows.',
  section: 'Earth and environment',
  topics: ['Oceans'],
  keywords: ['tide', 'moon'],
  related: ['other-1'],
  source: 'Somewhere',
  url: 'https://example.org/tides',
  licence: 'CC BY 4.0',
  licenceUrl: 'https://creativecommons.org/licenses/by/4.0/',
};
const line = (id: string, change: object = {}): string =>
  JSON.stringify({ id, ...article, ...change });

describe('import over HTTP', () => {
  it('creates, leaves alone, and brings up to date', async () => {
    expect((await send(`${line('tides')}\n`)).body).toEqual({
      results: [{ line: 1, id: 'tides', outcome: 'created' }],
    });
    const read = await createSiteClient(site.url).call('/api/v1/articles/tides');
    expect(read.body).toMatchObject({
      id: 'tides',
      title: 'On tides',
      section: { code: 'earth-and-environment', name: 'Earth and environment' },
      publishedAt: '2019-05-04T00:00:00.000Z',
      status: 'published',
      source: { name: 'Somewhere', url: 'https://example.org/tides' },
      licence: { name: 'CC BY 4.0' },
      keywords: ['tide', 'moon'],
      related: ['other-1'],
    });
    expect((await send(line('tides'))).body).toMatchObject({ results: [{ outcome: 'unchanged' }] });
    for (const change of [
      { title: 'On ebb and flow' },
      { publishedAt: '2019-05-05' },
      { topics: ['Oceans', 'Moon'] },
      { section: 'Space and physics' },
    ]) {
      const lines = `${line('tides', change)}\n${line('tides', change)}`;
      expect((await send(lines)).body).toMatchObject({
        results: [{ outcome: 'updated' }, { outcome: 'unchanged' }],
      });
    }
  });

  it('takes one line and rejects the next, in the numbers of the body', async () => {
    const body = [
      line('good-1'),
      '',
      line('bad', { title: '<b>x</b>', body: 5 }),
      '{',
      line('good-2'),
    ];
    expect((await send(`\n${body.join('\r\n')}\r\n`)).body).toMatchObject({
      results: [
        { line: 2, id: 'good-1', outcome: 'created' },
        {
          line: 4,
          id: null,
          outcome: 'rejected',
          faults: [{ pointer: '/title' }, { pointer: '/body', problem: 'is no string' }],
        },
        { line: 5, outcome: 'rejected', faults: [{ pointer: '' }] },
        { line: 6, id: 'good-2', outcome: 'created' },
      ],
    });
  });

  it('rejects what is no UTF-8, and only that', async () => {
    const body = Buffer.concat([Buffer.from([0xff, 0xfe, 0x0a]), Buffer.from(line('good-3'))]);
    expect((await send(body)).body).toMatchObject({
      results: [
        { line: 1, outcome: 'rejected', faults: [{ problem: 'is no valid UTF-8' }] },
        { line: 2, outcome: 'created' },
      ],
    });
  });

  it('never publishes what is being worked on, nor what was withdrawn', async () => {
    await send(`${line('state-w')}\n${line('state-d')}`);
    await site.query("UPDATE art SET sts = 'W', wdr_ts = now() WHERE art_ref = 'state-w'");
    await site.query("UPDATE art SET sts = 'D', pub_ts = NULL WHERE art_ref = 'state-d'");
    const change = { body: 'New.' };
    expect(
      (await send(`${line('state-w', change)}\n${line('state-d', change)}`)).body,
    ).toMatchObject({
      results: [
        { id: 'state-w', outcome: 'updated' },
        { id: 'state-d', outcome: 'rejected', faults: [{ pointer: '' }] },
      ],
    });
    const rows = await site.query(
      "SELECT art_ref, sts FROM art WHERE art_ref LIKE 'state-%' ORDER BY 1",
    );
    expect(rows).toEqual([
      { art_ref: 'state-d', sts: 'D' },
      { art_ref: 'state-w', sts: 'W' },
    ]);
  });

  it('takes a body of 512 KB, and not one byte more', async () => {
    const lines = [524_288, 524_289].map((bytes) =>
      line(`size-${bytes}`, { body: 'x'.repeat(bytes) }),
    );
    expect((await send(lines.join('\n'))).body).toMatchObject({
      results: [
        { id: 'size-524288', outcome: 'created' },
        { outcome: 'rejected', faults: [{ pointer: '/body', problem: 'is too long' }] },
      ],
    });
  });

  it('takes 200 lines and not 201, nor none, nor another type, nor too much', async () => {
    const lines = Array.from({ length: 201 }, () => line('same'));
    expect((await send(lines.slice(0, 200).join('\n'))).status).toBe(200);
    expect((await send(lines.join('\n'))).body).toMatchObject({ code: 'import_batch_too_long' });
    expect((await send('\n\n')).body).toMatchObject({ code: 'import_batch_empty' });
    expect((await send(line('x'), { 'content-type': 'text/plain' })).status).toBe(415);
    const bomb = gzipSync(Buffer.alloc(33 * 1024 * 1024, 0x20));
    expect((await send(bomb, { 'content-encoding': 'gzip' })).status).toBe(413);
    const packed = gzipSync(line('packed'));
    expect((await send(packed, { 'content-encoding': 'gzip' })).body).toMatchObject({
      results: [{ outcome: 'created' }],
    });
  });

  it('is for editors and operators', async () => {
    const client = createSiteClient(site.url);
    expect((await send(line('x'), {}, null)).status).toBe(401);
    expect((await send(line('x'), {}, await client.registered('r@example.org'))).status).toBe(403);
    expect((await send(line('x'), {}, await client.token(operator.email))).status).toBe(200);
  });

  it('made by two at once ends as one article', async () => {
    const lines = Array.from({ length: 50 }, (_, n) =>
      line(`race-${n}`, { section: `New ${n % 3}` }),
    );
    const answers = await Promise.all([
      send(lines.join('\n')),
      send(lines.toReversed().join('\n')),
    ]);
    const outcomes = answers.flatMap(({ text }) =>
      text.match(/created|unchanged|rejected|updated/g),
    );
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(50);
    expect(outcomes.filter((outcome) => outcome === 'unchanged')).toHaveLength(50);
  });
});
