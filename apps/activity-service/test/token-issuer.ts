import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export type TokenWishes = {
  role?: string;
  /** Seconds from now; negative for a token that has ended. */
  endsIn?: number;
};

/** Signs tokens as the monolith does and publishes the key for them. */
export type TokenIssuer = {
  jwksUrl: string;
  token: (wishes?: TokenWishes) => Promise<string>;
  close: () => Promise<void>;
};

export async function startTokenIssuer(): Promise<TokenIssuer> {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
  const key = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'EdDSA', use: 'sig' };
  const server = createServer((_req, res) => {
    res.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [key] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    jwksUrl: `http://127.0.0.1:${address.port}/.well-known/jwks.json`,
    token: ({ role = 'operator', endsIn = 900 } = {}) => {
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT({ role, name: 'Ada' })
        .setProtectedHeader({ alg: 'EdDSA', kid: 'one' })
        .setSubject('ada-1')
        .setIssuer('newscience')
        .setAudience('newscience')
        .setIssuedAt(now - 60)
        .setExpirationTime(now + endsIn)
        .sign(privateKey);
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
