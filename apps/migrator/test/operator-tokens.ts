import { createServer } from 'node:http';

import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export type OperatorTokens = {
  readonly jwksUrl: string;
  readonly token: (role: string) => Promise<string>;
  readonly close: () => Promise<void>;
};

/** Signs tokens as the monolith does, and publishes the key. */
export async function operatorTokens(): Promise<OperatorTokens> {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
  const key = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'EdDSA', use: 'sig' };
  const server = createServer((_req, res) => {
    res.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [key] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    jwksUrl: `http://127.0.0.1:${address.port}/`,
    token: (role) =>
      new SignJWT({ role, name: 'Ada' })
        .setProtectedHeader({ alg: 'EdDSA', kid: 'one' })
        .setSubject('ada-1')
        .setIssuer('newscience')
        .setAudience('newscience')
        .setIssuedAt()
        .setExpirationTime('10m')
        .sign(privateKey),
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
