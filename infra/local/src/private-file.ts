import { randomBytes } from 'node:crypto';
import { isDiskFull } from './refusal.ts';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** Writes a file that only this user may read. Readers see the old content or the new, never half of it. */
export function writePrivate(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** The secret in a file; where there is none yet, a new one of 32 random bytes (43 characters). */
export function secretIn(file: string): string {
  const secret = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  if (secret !== '') return secret;
  const fresh = randomBytes(32).toString('base64url');
  writePrivate(file, `${fresh}\n`);
  return fresh;
}

/** Runs what a running site can do without: a disk that fills up must not end it. */
export function unlessDiskFull(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!isDiskFull(error)) throw error;
  }
}
