import { createServer, type Server } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Answers of a site by `METHOD path`; a text is a page, the rest is JSON, a number is a status without a body. */
export type Answers = Readonly<Record<string, unknown>>;

const healthy: Answers = {
  'GET /': '<a href="/articles/tides?x"><a href="/articles/tides"><a href="/articles/ebb">',
  'GET /articles/tides': '<h1>Tides</h1>',
  'GET /api/v1/search?q=science&limit=1': { total: 7 },
  'POST /api/v1/tokens': { accessToken: 'token', tokenType: 'Bearer', expiresIn: 900 },
  'GET /api/v1/me': { email: 'operator@newscience.example' },
  'GET /routes': { items: [{}] },
};

export type StandIn = { readonly dataDir: string; readonly close: () => Promise<void> };

/** A site and its operator API at one address, with a data folder that leads to it. */
export async function startStandIn(changes: Answers = {}): Promise<StandIn> {
  const answers = { ...healthy, ...changes };
  const server = createServer((req, res) => {
    const known = new Map(Object.entries(answers)).get(`${req.method ?? ''} ${req.url ?? ''}`);
    const closed = req.url === '/routes' && req.headers.authorization !== 'Bearer token';
    const answer = closed ? (answers['closed'] ?? 401) : (known ?? 404);
    res.statusCode = typeof answer === 'number' ? answer : 200;
    if (typeof answer === 'string') res.end(answer);
    else {
      res.setHeader('content-type', 'application/json');
      res.end(JSON.stringify(typeof answer === 'number' ? {} : answer));
    }
  });
  const url = await listening(server);
  const dataDir = await mkdtemp(join(tmpdir(), 'stand-in-'));
  const account = { email: 'operator@newscience.example', password: 'stand-in' };
  await writeFile(join(dataDir, 'instance.json'), JSON.stringify({ url, operatorUrl: url }));
  await writeFile(join(dataDir, 'credentials.json'), JSON.stringify({ operator: account }));
  return {
    dataDir,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(dataDir, { recursive: true });
    },
  };
}

function listening(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(`http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`);
    });
  });
}
