import { createServer } from 'node:http';
import { serve } from './announce.ts';

/** What stands behind every peer: 2 kB of JSON, 1 MB of bytes, or 32 MB, more than any buffer takes. */
const items = Array.from({ length: 12 }, (_, index) => ({
  id: `ns-article-${index}`,
  title: 'Why the sky is blue, and other questions that took a while to answer',
  score: index / 7,
}));
const json = Buffer.from(JSON.stringify({ items }).padEnd(2_048));
const bodies = new Map([
  ['/download', Buffer.alloc(2 ** 20, 'science ')],
  ['/large', Buffer.alloc(2 ** 25, 'science ')],
]);

const server = createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
  const body = bodies.get(request.url ?? '') ?? json;
  response.writeHead(200, {
    'Content-Type': body === json ? 'application/json; charset=utf-8' : 'application/octet-stream',
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
    ETag: '"1"',
  });
  response.end(body);
});
serve(server, Number(process.argv[2] ?? 0));
