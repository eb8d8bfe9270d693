import { createHash } from 'node:crypto';

/** Equal for equal JSON values whose keys stand in the same order. */
export const fingerprintOf = (content: unknown): string =>
  createHash('sha256').update(JSON.stringify(content)).digest('base64url');
