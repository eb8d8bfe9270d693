import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hopByHop } from './hop-by-hop.ts';
import { readRequestFields, type RequestFields } from './request-fields.ts';
import { facadeSettings } from './settings.ts';

const { limits } = facadeSettings({ limits: { headerBytes: 1_000_000, headerFields: 1_000 } });
const client = { address: '192.0.2.1', scheme: 'http', minorVersion: 1 } as const;

function read(raw: readonly string[]): RequestFields {
  const fields = readRequestFields(raw, client, limits);
  if ('code' in fields) throw new Error(fields.detail);
  return fields;
}

const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,20}$/);
const value = fc.stringMatching(/^[ -~]{0,30}$/);
const framing = new Set(['host', 'content-length', 'transfer-encoding']);
const field = fc
  .tuple(fc.oneof(token, fc.constantFrom(...hopByHop, 'X-Forwarded-For', 'Cookie')), value)
  .filter(([name]) => !framing.has(name.toLowerCase()));

describe('readRequestFields', () => {
  it('passes on exactly what is not of one hop, in order, whatever the fields', () => {
    fc.assert(
      fc.property(fc.array(field, { maxLength: 30 }), (fields) => {
        const raw = ['Host', 'h', ...fields.flat()];
        const named = fields
          .filter(([name]) => name.toLowerCase() === 'connection')
          .flatMap(([, list]) => list.split(',').map((each) => each.trim().toLowerCase()));
        const dropped = new Set([...hopByHop, 'expect', 'trailer', ...named]);
        dropped.delete('host');
        const changed = /^(x-forwarded-(for|proto|host)|x-request-id|traceparent)$/;
        const expected = fields.filter(
          ([name]) => !dropped.has(name.toLowerCase()) && !changed.test(name.toLowerCase()),
        );
        const { forward } = read(raw);
        const passed: [string, string][] = [];
        for (let at = 2; at < forward.length; at += 2) {
          const [name = '', text = ''] = forward.slice(at, at + 2);
          if (!changed.test(name.toLowerCase())) passed.push([name, text]);
        }
        expect(passed).toEqual(expected);
      }),
    );
  });

  it('always ends each forwarding list with what this hop knows', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 3 }), (claims) => {
        const raw = ['Host', 'h', ...claims.flatMap((claim) => ['X-Forwarded-For', claim])];
        const { forward } = read(raw);
        const lists = forward.filter(
          (_, at) => at % 2 === 1 && forward[at - 1] === 'X-Forwarded-For',
        );
        expect(lists.at(-1)).toMatch(/(^|, )192\.0\.2\.1$/);
      }),
    );
  });

  it.each([
    [['Content-Length', '3'], 'counted'],
    [['Content-Length', '0'], 'none'],
    [['Content-Length', '000'], 'none'],
    [['Transfer-Encoding', 'Chunked'], 'chunked'],
    [[], 'none'],
  ])('finds in %j a body that is %s', (raw, body) => {
    expect(read(['Host', 'h', ...raw]).body).toBe(body);
  });

  it('counts the size of the section as it was on the wire', () => {
    const fields = ['Host', 'h', 'X-A', 'b'];
    const exactly = { ...limits, headerBytes: 'Host: h\r\nX-A: b\r\n'.length };
    expect(readRequestFields(fields, client, exactly)).not.toHaveProperty('code');
    const oneLess = { ...limits, headerBytes: exactly.headerBytes - 1 };
    expect(readRequestFields(fields, client, oneLess)).toMatchObject({ code: 'header_too_large' });
  });
});
