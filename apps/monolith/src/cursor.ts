import { createHash } from 'node:crypto';
import type { z } from 'zod';

const checkBytes = 6;

function check(scope: string, payload: Buffer): Buffer {
  return createHash('sha256')
    .update(scope)
    .update('\0')
    .update(payload)
    .digest()
    .subarray(0, checkBytes);
}

/**
 * An opaque place in a list: base64url of the sort key and a checksum over it and the list's scope. The
 * checksum is no secret; it tells a mistyped or borrowed cursor from a real one.
 * @param scope names the list with its filter, so that a cursor of another list is refused
 */
export function writeCursor(scope: string, key: (string | number)[]): string {
  const payload = Buffer.from(JSON.stringify(key));
  return Buffer.concat([payload, check(scope, payload)]).toString('base64url');
}

/** The sort key, or null when the cursor was not made by `writeCursor` for this scope or does not fit the schema. */
export function readCursor<T>(scope: string, cursor: string, schema: z.ZodType<T>): T | null {
  if (cursor.length > 512) return null;
  const bytes = Buffer.from(cursor, 'base64url');
  if (bytes.length <= checkBytes || bytes.toString('base64url') !== cursor) return null;
  const payload = bytes.subarray(0, -checkBytes);
  if (!check(scope, payload).equals(bytes.subarray(-checkBytes))) return null;
  const parsed = schema.safeParse(parseJson(payload.toString()));
  return parsed.success ? parsed.data : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
