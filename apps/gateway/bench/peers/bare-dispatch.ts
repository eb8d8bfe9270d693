import { createServer, type ServerResponse } from 'node:http';
import { Pool, type Dispatcher } from 'undici';
import { serve } from './announce.ts';

/** The least that undici's dispatcher can be made to do: no rules at all. What the facade adds shows here. */
class Bare implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  onRequestStart(): void {
    return;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    delete headers['connection'];
    delete headers['keep-alive'];
    this.#response.writeHead(status, headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#response.write(chunk)) return;
    controller.pause();
    this.#response.once('drain', () => {
      controller.resume();
    });
  }

  onResponseEnd(): void {
    this.#response.end();
  }

  onResponseError(): void {
    this.#response.destroy();
  }
}

const pool = new Pool(process.argv[2] ?? '', { connections: 128, allowH2: false });
const server = createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
  const headers = request.rawHeaders.filter((_, at) => {
    const name = request.rawHeaders[at - (at % 2)]?.toLowerCase();
    return name !== 'connection';
  });
  pool.dispatch(
    { method: request.method ?? '', path: request.url ?? '', headers },
    new Bare(response),
  );
});
serve(server);
