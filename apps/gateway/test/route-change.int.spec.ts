import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import pg from 'pg';
import {
  defineSearch,
  gatewaySurroundings,
  moveSearch,
  startGateway,
  type Gateway,
  type Surroundings,
} from './gateway-fixture.ts';

let around: Surroundings;
let one: Gateway;
let two: Gateway;

beforeAll(async () => {
  around = await gatewaySurroundings();
  [one, two] = await Promise.all([startGateway(around, 'one'), startGateway(around, 'two')]);
});

afterAll(async () => {
  await Promise.all([one.process.stop(), two.process.stop()]);
  await around.close();
});

const bothAnswer = (server: string) =>
  eventually(async () => {
    for (const gateway of [one, two])
      expect(await gateway.answeredBy('/api/v1/search')).toBe(server);
  });

beforeEach(async () => {
  expect(await defineSearch(one, 'monolith')).toMatchObject({ status: 201 });
});

afterEach(async () => {
  const { body } = await one.operator('GET', '/routes/search');
  const { revision } = body as { revision: number };
  await one.operator(
    'DELETE',
    '/routes/search',
    { why: 'the end of the test' },
    { 'if-match': `"${revision}"` },
  );
  await bothAnswer('monolith');
});

const revisionOf = async (gateway: Gateway) =>
  ((await gateway.operator('GET', '/routes/search')).body as { revision: number }).revision;

describe('a change of a route', () => {
  it('reaches every instance, onward and back', async () => {
    await bothAnswer('monolith');
    await moveSearch(one, 'cutover', await revisionOf(one));
    expect(await one.answeredBy('/api/v1/search')).toBe('search');
    await bothAnswer('search');
    await eventually(async () =>
      expect(await moveSearch(two, 'monolith', await revisionOf(two))).toMatchObject({
        status: 200,
      }),
    );
    await bothAnswer('monolith');
  });

  it('reaches every instance after their connections were cut', async () => {
    const admin = new pg.Client({ connectionString: around.database.adminUrl });
    await admin.connect();
    const { rowCount } = await admin.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    await admin.end();
    expect(rowCount).toBeGreaterThanOrEqual(4);
    await eventually(async () =>
      expect(await moveSearch(one, 'cutover', await revisionOf(one))).toMatchObject({
        status: 200,
      }),
    );
    await bothAnswer('search');
  });

  it('tells the second of two operators at two instances', async () => {
    await eventually(async () => expect(await revisionOf(two)).toBe(await revisionOf(one)));
    const revision = await revisionOf(one);
    const outcomes = await Promise.all([
      moveSearch(one, 'cutover', revision),
      moveSearch(two, 'cutover', revision),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual([200, 412]);
  });

  it('leaves a request in flight where it is', async () => {
    let finish = () => undefined as unknown;
    around.monolith.answer((_req, res) => {
      res.writeHead(200, { 'content-type': 'text/plain' });
      res.write('begun at the monolith, ');
      finish = () => res.end('ended at the monolith');
    });
    const [response] = (await once(get(`${one.url}/api/v1/search`), 'response')) as [
      IncomingMessage,
    ];
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    await eventually(() => expect(text).toContain('begun'));
    await moveSearch(one, 'cutover', await revisionOf(one));
    expect(await one.answeredBy('/api/v1/search')).toBe('search');
    finish();
    await once(response, 'end');
    expect(text).toBe('begun at the monolith, ended at the monolith');
    around.monolith.answer((_req, res) => res.end('{"server":"monolith"}'));
  });

  it('drops no request, however often it changes', async () => {
    let stop = false;
    const answers = new Map<string, number>();
    const client = async (gateway: Gateway) => {
      while (!stop) {
        const server = await gateway.answeredBy('/api/v1/search');
        answers.set(server, (answers.get(server) ?? 0) + 1);
      }
    };
    const clients = Promise.all([client(one), client(one), client(two), client(two)]);
    for (let change = 0; change < 20; change += 1) {
      const stage = change % 2 === 0 ? 'cutover' : 'monolith';
      expect(await moveSearch(one, stage, await revisionOf(one))).toMatchObject({ status: 200 });
    }
    await moveSearch(one, 'cutover', await revisionOf(one));
    await bothAnswer('search');
    stop = true;
    await clients;
    expect([...answers.keys()].sort()).toEqual(['monolith', 'search']);
  });
});
