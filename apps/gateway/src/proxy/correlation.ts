import { randomFillSync, randomUUID } from 'node:crypto';

const acceptableRequestId = /^[\w.-]{8,128}$/;
const acceptableTraceparent =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:$|-)/;

/** Whether a client's request id is passed on: 8 to 128 letters, digits, `_`, `.` or `-`. */
export function isRequestId(value: string): boolean {
  return acceptableRequestId.test(value);
}

/** Whether a `traceparent` is well-formed W3C trace context, and so passed on. */
export function isTraceparent(value: string): boolean {
  return acceptableTraceparent.test(value);
}

export function makeRequestId(): string {
  return randomUUID();
}

const bytesPerTrace = 24;
const pool = Buffer.alloc(bytesPerTrace * 256);
let used = pool.length;

/** A new sampled trace; random bytes are drawn for many at once, because drawing is what costs. */
export function makeTraceparent(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const hex = pool.toString('hex', used, used + bytesPerTrace);
  used += bytesPerTrace;
  return `00-${hex.slice(0, 32)}-${hex.slice(32)}-01`;
}

/** The trace id inside a well-formed `traceparent`. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}
