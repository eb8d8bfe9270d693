import { Agent, createServer } from 'node:http';
import { createProxyServer } from 'http-proxy-3';
import { serve } from './announce.ts';

/** A widely used proxy library, given the keep-alive agent it does not have by default. */
const agent = new Agent({ keepAlive: true, maxSockets: 128 });
const proxy = createProxyServer({ target: process.argv[2] ?? '', agent, xfwd: true });
proxy.on('error', (_error, _request, response) => {
  response.destroy();
});
const server = createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
  proxy.web(request, response);
});
serve(server);
