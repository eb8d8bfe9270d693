import { afterEach, describe, expect, it } from '@jest/globals';
import type { RawConnection } from '@newscience/testing/raw-http';
import fc from 'fast-check';
import { head, ok, startHarness, stopAll } from './harness.ts';

afterEach(stopAll);

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

type Framing = 'counted' | 'chunked';
type Trip = { method: string; up: Framing | 'none'; down: Framing; body: string; answer: string };

const text = fc.string({ unit: fc.constantFrom('a', '\r', '\n', '0', '\u00ff'), maxLength: 300 });
const framing = fc.constantFrom<Framing>('counted', 'chunked');
const trip: fc.Arbitrary<Trip> = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH'),
  up: fc.constantFrom('counted', 'chunked', 'none'),
  down: framing,
  body: text,
  answer: text,
});

function framed(how: Framing | 'none', body: string): { field: string; bytes: string } {
  if (how === 'none') return { field: 'X-None: 1', bytes: '' };
  if (how === 'counted') return { field: `Content-Length: ${body.length}`, bytes: body };
  const middle = Math.floor(body.length / 2);
  const chunks = [body.slice(0, middle), body.slice(middle)].filter((chunk) => chunk !== '');
  const written = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('');
  return { field: 'Transfer-Encoding: chunked', bytes: `${written}0\r\n\r\n` };
}

describe('requests of all kinds, one behind the other on one connection, cut anywhere', () => {
  it('arrive and are answered, each with its own body', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(trip, { minLength: 1, maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 20 }),
        async (trips, cuts) => {
          const seen: string[] = [];
          const harness = await startHarness({
            serve: async (connection) => {
              while (connection.ending === 'open') {
                const request = await connection.readRequest();
                const index = Number(request.target.slice(1));
                seen[index] = request.body.toString('latin1');
                const { down = 'counted', answer = '' } = trips[index] ?? {};
                const { field, bytes } = framed(down, answer);
                connection.write(head('HTTP/1.1 200 OK', field) + bytes);
              }
            },
          });
          const client = await harness.client();
          const all = trips
            .map(({ method, up, body }, index) => {
              const { field, bytes } = framed(up, body);
              return head(`${method} /${index} HTTP/1.1`, 'Host: h', field) + bytes;
            })
            .join('');
          for (let at = 0, cut = 0; at < all.length; cut++) {
            const length = cuts[cut % cuts.length] ?? 1;
            client.write(all.slice(at, at + length));
            at += length;
            await nextTurn();
          }
          for (const [index, { up, body, answer }] of trips.entries()) {
            const got = await client.readAnswer();
            expect(got).toMatchObject({ status: 200, complete: true });
            expect(got.body.toString('latin1')).toBe(answer);
            expect(seen[index]).toBe(up === 'none' ? '' : body);
          }
          expect(client.pending).toBe('');
          await harness.stop();
        },
      ),
      { numRuns: 40 },
    );
  }, 120_000);
});

type Misdeed = 'none' | 'gone before' | 'gone within' | 'reset within';

describe('clients and upstreams that leave whenever they like', () => {
  it('leave nothing behind, and the next request is served', async () => {
    const misdeeds = fc.constantFrom<Misdeed>('none', 'gone before', 'gone within', 'reset within');
    const visits = fc.array(
      fc.record({ client: misdeeds, upstream: misdeeds, posts: fc.boolean() }),
      { minLength: 10, maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(visits, async (plan) => {
        const harness = await startHarness({
          connectionsPerUpstream: 3,
          serve: async (connection) => {
            while (connection.ending === 'open') {
              const { target } = await connection.readRequest();
              misbehave(connection, plan[Number(target.slice(1))]?.upstream ?? 'none');
            }
          },
        });
        await Promise.all(
          plan.map(async ({ client: misdeed, posts }, index) => {
            const client = await harness.client();
            const post = head(`POST /${index} HTTP/1.1`, 'Host: h', 'Content-Length: 6');
            client.write(posts ? `${post}abc` : head(`GET /${index} HTTP/1.1`, 'Host: h'));
            if (misdeed === 'gone before') client.destroy();
            await nextTurn();
            if (misdeed === 'gone within') client.destroy();
            else if (misdeed === 'reset within') client.reset();
            else if (posts) client.write('def');
            if (misdeed === 'none') await client.readHead();
          }),
        );
        const last = await harness.client();
        last.write(head('GET /last HTTP/1.1', 'Host: h'));
        expect((await last.readAnswer()).status).toBe(200);
        for (const client of harness.clients) client.destroy();
        await harness.close(600_000);
        expect(harness.errors).toEqual([]);
        expect(new Set(harness.records.map(({ requestId }) => requestId)).size).toBe(
          harness.records.length,
        );
        await harness.stop();
      }),
      { numRuns: 15 },
    );
  }, 120_000);
});

function misbehave(connection: RawConnection, misdeed: Misdeed): void {
  if (misdeed === 'gone before') {
    connection.destroy();
  } else if (misdeed === 'none') {
    connection.write(ok);
  } else {
    connection.write(`${head('HTTP/1.1 200 OK', 'Content-Length: 10')}abc`);
    if (misdeed === 'gone within') connection.end();
    else connection.reset();
  }
}
