import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { importCommand } from '../src/import/cli.ts';

/** A folder of its own, in which `npm run import` is called. */
export type Desk = {
  folder: string;
  file: (name: string, content: string | Uint8Array) => string;
  /** Runs the command; what it printed, and its exit code. */
  run: (args: readonly string[], init?: Init) => Promise<Printed>;
  clear: () => void;
};

type Init = { env?: Record<string, string>; signal?: AbortSignal; tty?: boolean };
export type Printed = { code: number; out: string; err: string };

export function desk(env: Record<string, string> = {}): Desk {
  const folder = mkdtempSync(join(tmpdir(), 'newscience-import-'));
  return {
    folder,
    file: (name, content) => {
      writeFileSync(join(folder, name), content);
      return name;
    },
    run: async (
      args,
      { env: more = {}, signal = new AbortController().signal, tty = false } = {},
    ) => {
      const stdout = collector();
      const stderr = collector();
      const code = await importCommand(args, {
        stdout: stdout.stream,
        stderr: Object.assign(stderr.stream, { isTTY: tty }),
        env: { ...env, ...more },
        cwd: folder,
        signal,
      });
      return { code, out: stdout.text(), err: stderr.text() };
    },
    clear: () => rmSync(folder, { recursive: true }),
  };
}

function collector() {
  let text = '';
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString();
      done();
    },
  });
  return { stream, text: () => text };
}

type Handler = (ids: string[], attempt: number) => number | Promise<number>;

/** A site that only takes imports: enough of one to fail in every way. */
export async function fakeSite() {
  /** What arrived and was answered with 200, by id; the value is the line. */
  const taken = new Map<string, string>();
  const batches: string[][] = [];
  let handler: Handler = () => 200;
  let logins = 0;
  const server = createServer((req, res) => {
    void (async () => {
      const body = await textOf(req);
      const answer = (status: number, json: object): void => {
        const type = status < 400 ? 'application/json' : 'application/problem+json';
        res.writeHead(status, { 'content-type': type }).end(JSON.stringify(json));
      };
      if (req.url === '/api/v1/tokens') {
        logins += 1;
        answer(200, { accessToken: `token-${logins}`, tokenType: 'Bearer', expiresIn: 900 });
        return;
      }
      const lines = body.trim().split('\n');
      const ids = lines.map((line) => /"id":"([^"]*)"/.exec(line)?.[1] ?? '');
      batches.push(ids);
      const status = await handler(ids, batches.length);
      if (status === 0) {
        req.socket.destroy();
        return;
      }
      if (status !== 200) {
        answer(status, { code: 'nope', title: 'Nope', detail: 'nope', status, retryable: false });
        return;
      }
      const results = ids.map((id, index) => {
        const line = lines[index] ?? '';
        const before = taken.get(id);
        const outcome =
          before === undefined ? 'created' : before === line ? 'unchanged' : 'updated';
        taken.set(id, line);
        return id.startsWith('refused')
          ? {
              line: index + 1,
              id,
              outcome: 'rejected',
              faults: [{ pointer: '/id', problem: 'is not liked' }],
            }
          : { line: index + 1, id, outcome };
      });
      answer(200, { results });
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    taken,
    batches,
    logins: () => logins,
    /** Answers batches: a status, 0 for a broken connection. */
    answer: (next: Handler) => {
      handler = next;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function textOf(req: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of req) parts.push(Buffer.from(part as Uint8Array));
  return Buffer.concat(parts).toString();
}

/** A good line; `change` replaces fields. */
export function line(id: string, change: object = {}): string {
  const article = { title: `On ${id}`, authors: ['Ada'], publishedAt: '2020-01-02', body: 'Text.' };
  return JSON.stringify({ id, ...article, ...change });
}

/** Good lines, from `line-1` on. */
export const lines = (count: number): string[] =>
  Array.from({ length: count }, (_, n) => line(`line-${n + 1}`));
