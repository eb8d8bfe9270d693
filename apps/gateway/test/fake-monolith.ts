import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export type TokenWishes = {
  role?: string;
  sub?: string;
  name?: string;
  issuer?: string;
  audience?: string;
  /** Seconds from now; negative for a token that has ended. */
  endsIn?: number;
};

export type FakeMonolith = {
  origin: string;
  /** A token as the monolith signs it. */
  token: (wishes?: TokenWishes) => Promise<string>;
  /** Every request that is neither for keys nor for tokens nor for health. */
  seen: { method: string; url: string }[];
  /** How such a request is answered. Default: 200 with the server's name. */
  answer: (handler: (req: IncomingMessage, res: ServerResponse) => void) => void;
  close: () => Promise<void>;
};

/** Signs tokens, publishes their keys, lets `ada` (operator) and `grace` (reader) log in, and answers to all else with its name. */
export async function startFakeMonolith(name = 'monolith'): Promise<FakeMonolith> {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
  const key = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'EdDSA', use: 'sig' };
  const seen: FakeMonolith['seen'] = [];
  let handle = (_req: IncomingMessage, res: ServerResponse): void =>
    json(res, 200, { server: name });

  const token = (wishes: TokenWishes = {}): Promise<string> => {
    const { role = 'operator', sub = 'ada-1', name: bearer = 'Ada', endsIn = 900 } = wishes;
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ role, name: bearer })
      .setProtectedHeader({ alg: 'EdDSA', kid: 'one' })
      .setSubject(sub)
      .setIssuer(wishes.issuer ?? 'newscience')
      .setAudience(wishes.audience ?? 'newscience')
      .setIssuedAt(now - 60)
      .setExpirationTime(now + endsIn)
      .sign(privateKey);
  };

  const server = createServer((req, res) => {
    const { method = '', url = '' } = req;
    if (url === '/.well-known/jwks.json') json(res, 200, { keys: [key] });
    else if (url.startsWith('/health/')) json(res, 200, { status: 'live' });
    else if (url === '/api/v1/tokens') void logIn(req, res, token);
    else {
      seen.push({ method, url });
      handle(req, res);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    token,
    seen,
    answer: (handler) => {
      handle = handler;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function logIn(
  req: IncomingMessage,
  res: ServerResponse,
  token: FakeMonolith['token'],
): Promise<void> {
  let text = '';
  for await (const chunk of req) text += String(chunk);
  const role = text.includes('ada@') ? 'operator' : 'reader';
  if (!text.includes('right password')) {
    json(res, 401, { code: 'credentials_wrong', detail: 'E-mail address or password is wrong.' });
    return;
  }
  json(res, 200, { accessToken: await token({ role }), tokenType: 'Bearer', expiresIn: 900 });
}

function json(res: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  res.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  res.end(text);
}
