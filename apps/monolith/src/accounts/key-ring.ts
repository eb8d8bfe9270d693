import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK } from 'jose';
import type { CryptoKey, JWK } from 'jose';
import type { Pool } from 'pg';
import { withTransaction } from '@newscience/service-kit/postgres';
import { z } from 'zod';
import { delRetiredKeys, insKey, lockKeys, publicJwkSchema, publishedKeys } from './key-sql.ts';
import type { KeyRow, PublicJwk } from './key-sql.ts';
import type { Secrets } from './secrets.ts';

export type KeyRing = ReturnType<typeof createKeyRing>;

export type KeyRingDeps = {
  pool: Pool;
  secrets: Secrets;
  /** How long a key is published before it signs. */
  aheadMs: number;
  /** How old the newest key gets before it is replaced. */
  rotationMs: number;
  /** How long a token lives. */
  tokenMs: number;
};

export type Rotation = { kid: string; signsFrom: Date; created: boolean };

type Loaded = { at: number; rows: KeyRow[] };

/** Clocks of verifiers may be this wrong, and the last token may be signed this late. */
const slackMs = 60_000;
const privatePart = z.object({ d: z.string() });

async function keyOf(jwk: JWK): Promise<CryptoKey> {
  const key = await importJWK(jwk, 'EdDSA');
  if (key instanceof Uint8Array) throw new Error('An Ed25519 key was expected.');
  return key;
}

async function generate(): Promise<{ pub: PublicJwk; d: string }> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const jwk = await exportJWK(privateKey);
  const pub = publicJwkSchema.parse({
    ...jwk,
    kid: await calculateJwkThumbprint(jwk),
    alg: 'EdDSA',
    use: 'sig',
  });
  return { pub, d: privatePart.parse(jwk).d };
}

/**
 * The keys that tokens are signed with. A new key is published `aheadMs` before it signs, so that everybody
 * who caches the key set knows it by then; an old one stays published until the last token it signed is over.
 */
export function createKeyRing({ pool, secrets, aheadMs, rotationMs, tokenMs }: KeyRingDeps) {
  // Two thirds of the lead are left to other caches.
  const cacheMs = Math.min(30_000, aheadMs / 3);
  let loaded: Loaded | undefined;

  async function reload(): Promise<Loaded> {
    loaded = { at: Date.now(), rows: await publishedKeys(pool) };
    return loaded;
  }

  async function current(): Promise<Loaded> {
    return loaded && Date.now() - loaded.at < cacheMs ? loaded : reload();
  }

  function open(row: KeyRow): Promise<CryptoKey> {
    const d = secrets.open(row.prv, row.kid);
    if (d === null) {
      throw new Error(
        `The signing key ${row.kid} does not open with KEY_ENCRYPTION_SECRET. Restore the secret it was sealed with, ` +
          'or empty the table sgn_key to begin with a new key (API tokens in use are refused then).',
      );
    }
    return keyOf({ ...row.pub, d });
  }

  async function insert(client: Parameters<typeof insKey>[0], lead: number): Promise<Rotation> {
    const { pub, d } = await generate();
    const prv = secrets.seal(d, pub.kid);
    await insKey(client, { kid: pub.kid, prv, pub, aheadMs: lead, overlapMs: tokenMs + slackMs });
    return { kid: pub.kid, signsFrom: new Date(Date.now() + lead), created: true };
  }

  /** Under the lock: makes the first key, or the next one where `due` says so and none is waiting already. */
  async function next(due: (newest: KeyRow) => boolean): Promise<Rotation> {
    const rotation = await withTransaction(pool, async (client) => {
      await lockKeys(client);
      const [newest] = await publishedKeys(client);
      if (!newest) return insert(client, 0);
      if (newest.signsInMs <= 0 && due(newest)) return insert(client, aheadMs);
      return {
        kid: newest.kid,
        signsFrom: new Date(Date.now() + newest.signsInMs),
        created: false,
      };
    });
    await reload();
    return rotation;
  }

  return {
    /** For the key set's Cache-Control header. */
    maxAgeSeconds: Math.min(300, Math.floor(aheadMs / 3000)),

    /** Makes the first key if there is none, and throws when the present one does not open with our secret. */
    async start(): Promise<void> {
      await next(() => false);
      await this.signer();
    },

    /** A rotation that is under way already is not doubled: its key is the answer. */
    rotate: () => next(() => true),
    rotateIfDue: () => next((newest) => newest.ageMs >= rotationMs),
    cleanUp: () => delRetiredKeys(pool),

    async published(): Promise<PublicJwk[]> {
      return (await current()).rows.map((row) => row.pub);
    },

    /** The newest key whose time has come. */
    async signer(): Promise<{ kid: string; key: CryptoKey }> {
      const { at, rows } = await current();
      const row = rows.find(({ signsInMs }) => signsInMs <= Date.now() - at);
      if (!row) throw new Error('There is no signing key whose time has come.');
      return { kid: row.kid, key: await open(row) };
    },

    /** The published key of this name; looks once more, at most once a second, when it is new to us. */
    async verifier(kid: string): Promise<CryptoKey | null> {
      const known = await current();
      const find = ({ rows }: Loaded) => rows.find((row) => row.kid === kid);
      const row = find(known) ?? (Date.now() - known.at > 1000 ? find(await reload()) : undefined);
      return row ? keyOf(row.pub) : null;
    },
  };
}
