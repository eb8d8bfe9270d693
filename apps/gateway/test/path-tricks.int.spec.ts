import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  defineSearch,
  gatewaySurroundings,
  startGateway,
  type Gateway,
  type Surroundings,
} from './gateway-fixture.ts';

let around: Surroundings;
let gateway: Gateway;

beforeAll(async () => {
  around = await gatewaySurroundings();
  gateway = await startGateway(around, 'one');
  expect(await defineSearch(gateway)).toMatchObject({ status: 201 });
});

afterAll(async () => {
  await gateway.process.stop();
  await around.close();
});

/** Sends a path as it stands, and says which server saw which path. */
async function send(path: string): Promise<{ server: string; url: string | undefined }> {
  const outgoing = request(gateway.url, { path, method: 'GET' }).end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  const { server } = JSON.parse(text) as { server: string };
  const { seen } = server === 'search' ? around.search : around.monolith;
  return { server, url: seen.at(-1)?.url };
}

describe('a path', () => {
  it.each([
    '/api/v1/search',
    '/api/v1/search?q=a//b/../c',
    '/api/v1/search/',
    '/api/v1/%73earch',
    '/%61pi/v1/search',
  ])(
    'goes to the candidate as it was sent, where it can be read in one way only: %s',
    async (path) => {
      expect(await send(path)).toEqual({ server: 'search', url: path });
    },
  );

  it.each([
    '//api/v1/search',
    '/api//v1/search',
    '/api/./v1/search',
    '/x/../api/v1/search',
    '/api/v1/search/..',
    '/api/v1/search/../../../etc/passwd',
    '/api/v1/search/%2e%2e/%2E%2e/admin',
    '/api/v1/search/..%2f..%2fadmin',
    '/api/v1/search/..%5c..%5cadmin',
    '/api%2fv1%2fsearch',
    '/api/v1/search%2f',
    '/api/v1/search%00',
    '/api/v1/search%0d%0aX-Evil:%201',
    '/api/v1/%2573earch',
    '/api/v1/search%',
    '/api/v1/%c0%af',
    '/API/V1/SEARCH',
    '/api/v1/search;x=1',
    '/api/v1/searching',
    '/x?/api/v1/search',
  ])(
    'stays with the monolith, as it was sent, where it is another or may be read in two ways: %s',
    async (path) => {
      expect(await send(path)).toEqual({ server: 'monolith', url: path });
    },
  );
});
