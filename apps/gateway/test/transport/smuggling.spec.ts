import { afterEach, describe, expect, it } from '@jest/globals';
import { valueOf } from '@newscience/testing/raw-http';
import { answering, head, ok, startHarness, stopAll } from './harness.ts';

afterEach(stopAll);

const chunked = 'Transfer-Encoding: chunked';
const post = (...lines: string[]) => head('POST / HTTP/1.1', 'Host: h', ...lines);
const smuggled = head('GET /smuggled HTTP/1.1', 'Host: h');

/** Shapes on which two servers could disagree about where a request ends, or what it asks for. */
const refused: [string, string, number][] = [
  ['a length and chunks', `${post('Content-Length: 4', chunked)}0\r\n\r\n`, 400],
  ['chunks and a length', `${post(chunked, 'Content-Length: 4')}0\r\n\r\n`, 400],
  ['two lengths', `${post('Content-Length: 3', 'Content-Length: 4')}abcd`, 400],
  ['two equal lengths', `${post('Content-Length: 3', 'Content-Length: 3')}abc`, 400],
  ['a list of lengths', `${post('Content-Length: 3, 3')}abc`, 400],
  ['a length with a sign', `${post('Content-Length: +3')}abc`, 400],
  ['a negative length', `${post('Content-Length: -3')}abc`, 400],
  ['a length in hexadecimal', `${post('Content-Length: 0x3')}abc`, 400],
  ['a length with a space in it', `${post('Content-Length: 3 4')}abc`, 400],
  ['no length in its field', `${post('Content-Length:')}abc`, 400],
  ['a length beyond all numbers', `${post('Content-Length: 99999999999999999999')}abc`, 400],
  ['a space before the colon', `${post('Content-Length : 3')}abc`, 400],
  ['a space before the colon of a coding', `${post('Transfer-Encoding : chunked')}0\r\n\r\n`, 400],
  ['a folded field', post('X-A: b\r\n c'), 400],
  ['a folded coding', `${post('Transfer-Encoding:\r\n chunked')}0\r\n\r\n`, 400],
  ['a field that starts with a space', 'GET / HTTP/1.1\r\n Host: h\r\n\r\n', 400],
  ['a field without a colon', 'GET / HTTP/1.1\r\nHost h\r\n\r\n', 400],
  ['a field without a name', 'GET / HTTP/1.1\r\nHost: h\r\n: x\r\n\r\n', 400],
  ['NUL in a value', 'GET / HTTP/1.1\r\nHost: h\r\nX-A: a\0b\r\n\r\n', 400],
  ['NUL in a name', 'GET / HTTP/1.1\r\nHost: h\r\nX\0A: b\r\n\r\n', 400],
  ['a lone CR in a value', 'GET / HTTP/1.1\r\nHost: h\r\nX-A: a\rb\r\n\r\n', 400],
  ['a lone LF at the end of a line', 'GET / HTTP/1.1\nHost: h\n\n', 400],
  ['a lone LF within the head', 'GET / HTTP/1.1\r\nHost: h\nX-A: b\r\n\r\n', 400],
  ['NUL in the target', 'GET /a\0b HTTP/1.1\r\nHost: h\r\n\r\n', 400],
  ['a space in the target', 'GET /a b HTTP/1.1\r\nHost: h\r\n\r\n', 400],
  ['bytes beyond ASCII in the target', 'GET /\u00e9 HTTP/1.1\r\nHost: h\r\n\r\n', 400],
  ['another coding', `${post('Transfer-Encoding: gzip')}0\r\n\r\n`, 501],
  ['another coding last', `${post('Transfer-Encoding: chunked, gzip')}0\r\n\r\n`, 400],
  ['another coding before chunked', `${post('Transfer-Encoding: gzip, chunked')}0\r\n\r\n`, 501],
  ['a coding that is nearly chunked', `${post('Transfer-Encoding: xchunked')}0\r\n\r\n`, 501],
  ['a coding with a control character', `${post('Transfer-Encoding: \vchunked')}0\r\n\r\n`, 400],
  ['a quoted coding', `${post('Transfer-Encoding: "chunked"')}0\r\n\r\n`, 501],
  ['chunked with a parameter', `${post('Transfer-Encoding: chunked;q=1')}0\r\n\r\n`, 501],
  ['an empty coding', `${post('Transfer-Encoding:')}0\r\n\r\n`, 400],
  ['identity', `${post('Transfer-Encoding: identity')}0\r\n\r\n`, 501],
  ['two codings', `${post(chunked, chunked)}0\r\n\r\n`, 400],
  ['a coding in HTTP/1.0', `${head('POST / HTTP/1.0', 'Host: h', chunked)}0\r\n\r\n`, 400],
  ['a size that is no number', `${post(chunked)}zz\r\nab\r\n0\r\n\r\n`, 400],
  ['a size with a sign', `${post(chunked)}+2\r\nab\r\n0\r\n\r\n`, 400],
  ['a size with 0x', `${post(chunked)}0x2\r\nab\r\n0\r\n\r\n`, 400],
  ['a size beyond all numbers', `${post(chunked)}fffffffffffffffff\r\nab\r\n0\r\n\r\n`, 400],
  ['a chunk longer than its size', `${post(chunked)}2\r\nabc\r\n0\r\n\r\n`, 400],
  ['a chunk ended by LF alone', `${post(chunked)}2\r\nab\n0\r\n\r\n`, 400],
  ['a size ended by LF alone', `${post(chunked)}2\nab\r\n0\r\n\r\n`, 400],
  ['an empty size', `${post(chunked)}\r\nab\r\n0\r\n\r\n`, 400],
  ['two hosts', head('GET / HTTP/1.1', 'Host: a', 'Host: b'), 400],
  ['no host', head('GET / HTTP/1.1'), 400],
  ['a host with a path', head('GET / HTTP/1.1', 'Host: a/b'), 400],
  ['a host with a user', head('GET / HTTP/1.1', 'Host: u@a'), 400],
  ['a host with a space', head('GET / HTTP/1.1', 'Host: a b'), 400],
  ['a target with a scheme', head('GET http://h/ HTTP/1.1', 'Host: h'), 400],
  ['a target of another host', head('GET https://other:1/ HTTP/1.1', 'Host: h'), 400],
  ['a target without a slash', head('GET a HTTP/1.1', 'Host: h'), 400],
  ['the target *', head('OPTIONS * HTTP/1.1', 'Host: h'), 400],
  ['a tunnel', head('CONNECT h:443 HTTP/1.1', 'Host: h'), 400],
  ['a method nobody knows', head('BREW / HTTP/1.1', 'Host: h'), 400],
  ['a method in lower case', head('get / HTTP/1.1', 'Host: h'), 400],
  ['no version', head('GET /', 'Host: h'), 505],
  ['HTTP/2 in the clothes of HTTP/1.1', head('GET / HTTP/2.0', 'Host: h'), 505],
  ['HTTP/2 by its preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  ['a version that does not exist', head('GET / HTTP/1.9', 'Host: h'), 505],
  ['TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003\r\n\r\n', 400],
];

describe('a request is refused because of', () => {
  it.each(refused)('%s', async (_name, bytes, status) => {
    const harness = await startHarness({ serve: answering(ok) });
    const client = await harness.client();
    client.write(bytes + smuggled);
    const answer = await client.readAnswer();
    expect(answer).toMatchObject({ status, complete: true });
    expect(valueOf(answer, 'content-type')).toBe('application/problem+json; charset=utf-8');
    const problem: unknown = JSON.parse(answer.body.toString());
    expect(problem).toMatchObject({
      status,
      type: expect.stringMatching(/^urn:newscience:problem:/),
    });
    // Nothing behind it is taken for a request, and the connection ends.
    const { text } = await client.readToEnd();
    expect(text).toBe('');
    expect(harness.records.every(({ path }) => path !== '/smuggled')).toBe(true);
  });
});

describe('a request that is refused in the middle of its body', () => {
  it('is never completed at the upstream', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(`${post(chunked)}3\r\nabc\r\n`);
    const upstream = await harness.upstream();
    await upstream.readHead();
    await upstream.readUntil('abc');
    client.write(`zz\r\n${smuggled}`);
    expect((await client.readAnswer()).status).toBe(400);
    const { text } = await upstream.readToEnd();
    expect(text).not.toContain('smuggled');
    expect(text).not.toContain('0\r\n\r\n');
    expect(await harness.ended(1)).toMatchObject([{ status: 400, fault: 'request_rejected' }]);
  });
});

describe('a good request with rubbish behind it', () => {
  it('is answered, and then the connection ends', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(`${head('GET /good HTTP/1.1', 'Host: h')}RUBBISH\r\n\r\n${smuggled}`);
    const upstream = await harness.upstream();
    expect((await upstream.readRequest()).target).toBe('/good');
    upstream.write(ok);
    expect((await client.readAnswer()).body.toString()).toBe('ok');
    expect((await client.readToEnd()).text).toBe('');
    expect(harness.records.map(({ path }) => path)).toEqual(['/good']);
  });

  it('is answered whole even if its answer had begun', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(head('GET /good HTTP/1.1', 'Host: h'));
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.write(`${head('HTTP/1.1 200 OK', 'Content-Length: 6')}abc`);
    await client.readUntil('abc');
    client.write(`RUBBISH\r\n\r\n${smuggled}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    upstream.write('def');
    expect((await client.readToEnd()).text).toBe('def');
    expect(harness.upstreamConnections()).toBe(1);
  });
});
