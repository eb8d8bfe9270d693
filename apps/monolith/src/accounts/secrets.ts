import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import type { Secret } from '@newscience/service-kit/secret';
import { z } from 'zod';

/** A text sealed with AES-256-GCM, as it stands in the database; all parts base64url. */
export const sealedSchema = z.object({
  alg: z.literal('A256GCM'),
  iv: z.string(),
  txt: z.string(),
  tag: z.string(),
});
export type Sealed = z.output<typeof sealedSchema>;

export type Secrets = ReturnType<typeof createSecrets>;

const text = 'base64url';

/** What is derived from the one configured secret; each use has a key of its own (HKDF-SHA-256). */
export function createSecrets(secret: Secret) {
  const derive = (use: string) =>
    Buffer.from(hkdfSync('sha256', secret.reveal(), 'newscience monolith', use, 32));
  const sealing = derive('signing keys');
  const forms = derive('anonymous forms');
  const attempts = derive('attempt keys');

  return {
    /** Seals a text under a name; it opens under the same name only. */
    seal(plain: string, name: string): Sealed {
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', sealing, iv).setAAD(Buffer.from(name));
      const txt = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return {
        alg: 'A256GCM',
        iv: iv.toString(text),
        txt: txt.toString(text),
        tag: cipher.getAuthTag().toString(text),
      };
    },

    /** The sealed text, or null when another secret or name sealed it or somebody changed it. */
    open(sealed: Sealed, name: string): string | null {
      try {
        const options = { authTagLength: 16 };
        const decipher = createDecipheriv(
          'aes-256-gcm',
          sealing,
          Buffer.from(sealed.iv, text),
          options,
        );
        decipher.setAAD(Buffer.from(name)).setAuthTag(Buffer.from(sealed.tag, text));
        return Buffer.concat([
          decipher.update(Buffer.from(sealed.txt, text)),
          decipher.final(),
        ]).toString('utf8');
      } catch {
        return null;
      }
    },

    /** The token that belongs to an anonymous form cookie. */
    formToken: (cookie: string) => createHmac('sha256', forms).update(cookie).digest(text),

    /** What stands in the attempts table instead of a mail or network address. */
    attemptKey: (kind: string, value: string) =>
      createHmac('sha256', attempts).update(`${kind}:${value}`).digest(text),
  };
}

/** Compares two tokens in a time that tells nothing about where they differ. */
export function sameToken(given: string, right: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(right);
  return a.length === b.length && timingSafeEqual(a, b);
}
