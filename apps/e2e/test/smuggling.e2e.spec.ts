import { describe, expect, it } from '@jest/globals';
import { connectRaw } from '@newscience/testing/raw-http';
import { apiClient } from './api.ts';
import { runningSite } from './site.ts';

const site = runningSite();
const port = Number(new URL(site.url).port);
const host = `host: 127.0.0.1:${port}`;

/** The request that must never be answered: it is hidden in what comes before it. */
const hidden = `GET /robots.txt HTTP/1.1\r\n${host}\r\n\r\n`;
const answerOfHidden = /User-agent/i;

const post = (fields: string[], body: string): string =>
  [
    'POST /api/v1/tokens HTTP/1.1',
    host,
    'content-type: application/json',
    ...fields,
    '',
    body,
  ].join('\r\n');

const shapes: [string, string][] = [
  [
    'length and chunks',
    post(['content-length: 6', 'transfer-encoding: chunked'], `0\r\n\r\n${hidden}`),
  ],
  [
    'chunks and length',
    post(['transfer-encoding: chunked', 'content-length: 6'], `0\r\n\r\n${hidden}`),
  ],
  ['two lengths', post(['content-length: 0', `content-length: ${hidden.length}`], hidden)],
  ['two equal lengths', post(['content-length: 2', 'content-length: 2'], `{}${hidden}`)],
  ['a list of lengths', post(['content-length: 0, 5'], hidden)],
  ['a length with a sign', post(['content-length: +2'], `{}${hidden}`)],
  ['a negative length', post(['content-length: -1'], hidden)],
  ['a hexadecimal length', post(['content-length: 0x2'], `{}${hidden}`)],
  ['a length with a space in it', post(['content-length: 2 2'], `{}${hidden}`)],
  ['an empty length', post(['content-length:'], hidden)],
  ['a length of 30 digits', post([`content-length: ${'9'.repeat(30)}`], hidden)],
  ['a space before the colon', post(['transfer-encoding : chunked'], `0\r\n\r\n${hidden}`)],
  ['a tab before the colon', post(['transfer-encoding\t: chunked'], `0\r\n\r\n${hidden}`)],
  ['a misspelt coding', post(['transfer-encoding: xchunked'], `0\r\n\r\n${hidden}`)],
  ['chunked not last', post(['transfer-encoding: chunked, identity'], `0\r\n\r\n${hidden}`)],
  ['chunked twice', post(['transfer-encoding: chunked, chunked'], `0\r\n\r\n${hidden}`)],
  [
    'two codings',
    post(['transfer-encoding: chunked', 'transfer-encoding: x'], `0\r\n\r\n${hidden}`),
  ],
  [
    'a vertical tab in the coding',
    post(['transfer-encoding: \u000bchunked'], `0\r\n\r\n${hidden}`),
  ],
  ['a quoted coding', post(['transfer-encoding: "chunked"'], `0\r\n\r\n${hidden}`)],
  ['a folded line', post(['x-a: b', ' transfer-encoding: chunked'], `0\r\n\r\n${hidden}`)],
  ['a bare line feed', post(['x-a: b\ntransfer-encoding: chunked'], `0\r\n\r\n${hidden}`)],
  ['a bare carriage return', post(['x-a: b\rtransfer-encoding: chunked'], `0\r\n\r\n${hidden}`)],
  ['a NUL in a value', post(['x-a: b\u0000c', 'content-length: 0'], hidden)],
  ['a NUL in a name', post(['x\u0000a: b', 'content-length: 0'], hidden)],
  ['a field without a colon', post(['nonsense', 'content-length: 0'], hidden)],
  ['an empty field name', post([': x', 'content-length: 0'], hidden)],
  ['a chunk size with a sign', post(['transfer-encoding: chunked'], `+0\r\n\r\n${hidden}`)],
  ['a chunk size with 0x', post(['transfer-encoding: chunked'], `0x0\r\n\r\n${hidden}`)],
  [
    'a chunk size of 17 digits',
    post(['transfer-encoding: chunked'], `10000000000000000\r\n\r\n${hidden}`),
  ],
  ['a negative chunk size', post(['transfer-encoding: chunked'], `-1\r\n\r\n${hidden}`)],
  [
    'a chunk that is longer than its size',
    post(['transfer-encoding: chunked'], `2\r\n{}xx\r\n0\r\n\r\n${hidden}`),
  ],
  [
    'a chunk line that ends in a line feed',
    post(['transfer-encoding: chunked'], `2\n{}\n0\n\n${hidden}`),
  ],
  [
    'a line feed in a chunk extension',
    post(['transfer-encoding: chunked'], `2;a\n{}\r\n0\r\n\r\n${hidden}`),
  ],
  [
    'HTTP/1.0 with chunks',
    post(['transfer-encoding: chunked'], `0\r\n\r\n${hidden}`).replace('HTTP/1.1', 'HTTP/1.0'),
  ],
  ['no host', `GET / HTTP/1.1\r\nx: y\r\n\r\n${hidden}`],
  ['two hosts', `GET / HTTP/1.1\r\n${host}\r\nhost: evil.example\r\n\r\n${hidden}`],
  ['another version', `GET / HTTP/9.9\r\n${host}\r\n\r\n${hidden}`],
  ['no version', `GET /\r\n\r\n${hidden}`],
  ['another protocol', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${hidden}`],
  [
    'TLS',
    `\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003${'x'.repeat(64)}\r\n\r\n${hidden}`,
  ],
  ['a field of 100 kB', `GET / HTTP/1.1\r\n${host}\r\nx: ${'y'.repeat(100_000)}\r\n\r\n${hidden}`],
];

describe('requests that two servers could read in two ways', () => {
  it.each(shapes)('%s: refused, and nothing hidden in it is answered', async (_name, bytes) => {
    const connection = await connectRaw(port);
    connection.write(bytes);
    const { text } = await connection.readToEnd();
    connection.destroy();
    expect(text.match(/^HTTP\/1\.1 /gm)).toHaveLength(1);
    expect(text).toMatch(/^HTTP\/1\.1 (400|411|413|414|431|501|505) /);
    expect(text).not.toMatch(answerOfHidden);
    expect(text).toMatch(/content-type: application\/problem\+json/i);
    expect(text).toMatch(/"code":"[a-z_]+"/);
  });

  it('what is hidden in them is answered when it comes openly', async () => {
    const connection = await connectRaw(port);
    connection.write(hidden.repeat(2));
    for (let n = 1; n <= 2; n += 1)
      expect((await connection.readAnswer()).body.toString()).toMatch(answerOfHidden);
    connection.destroy();
  });

  it('fields that Connection names never reach the monolith, nor do they come back', async () => {
    const connection = await connectRaw(port);
    const token = 'authorization: Bearer x';
    connection.write(
      `GET /api/v1/me HTTP/1.1\r\n${host}\r\n${token}\r\nconnection: authorization, host\r\n\r\n`,
    );
    const answer = await connection.readAnswer();
    connection.destroy();
    expect([400, 401]).toContain(answer.status);
  });

  it('and the site goes on', async () => {
    expect((await apiClient(site.url)('GET', '/api/v1/sections')).status).toBe(200);
  });
});
