import { randomFillSync } from 'node:crypto';

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

const idBytes = 16;
const spanBytes = 8;
const pool = Buffer.alloc(idBytes * 512);
let used = pool.length;

/** Random bytes are drawn for many ids at once, because drawing is what costs. */
function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}

/** 32 hexadecimal digits. */
export function makeRequestId(): string {
  return randomHex(idBytes);
}

/** A new sampled trace. */
export function makeTraceparent(): string {
  const ids = randomHex(idBytes + spanBytes);
  return `00-${ids.slice(0, 2 * idBytes)}-${ids.slice(2 * idBytes)}-01`;
}

/** The trace id inside a well-formed `traceparent`. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}
