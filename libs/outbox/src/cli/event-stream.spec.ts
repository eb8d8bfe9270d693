import { describe, expect, it } from '@jest/globals';

import { readBlocks } from './event-stream.ts';

const text = [
  'retry: 2000\nid: 4\n\n',
  ': heartbeat\nid: 5\n\n',
  'event: activity\nid: 6\ndata: {"summary":"Größe: 5 µm"}\n\n',
  'event:activity\r\nid:7\r\ndata: one\r\ndata:two\r\n\r\n',
  'data\n\n',
  'event: activity\ndata: not whole\n',
].join('');
const blocks = [
  { event: 'message', id: '4', data: undefined },
  { event: 'message', id: '5', data: undefined },
  { event: 'activity', id: '6', data: '{"summary":"Größe: 5 µm"}' },
  { event: 'activity', id: '7', data: 'one\ntwo' },
  { event: 'message', id: undefined, data: '' },
];

// eslint-disable-next-line @typescript-eslint/require-await -- a stream
async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

describe('a stream of server-sent events', () => {
  it.each([1, 2, 3, 7, 1000])('is read in pieces of %i bytes', async (size) => {
    const found = [];
    for await (const block of readBlocks(inPieces(Buffer.from(text), size))) found.push(block);
    expect(found).toEqual(blocks);
  });

  it('is given up where a block has no end', async () => {
    const endless = inPieces(Buffer.alloc(17 * 1024 * 1024, 'x'), 1024 * 1024);
    await expect(readBlocks(endless).next()).rejects.toThrow('without an end');
  });
});
