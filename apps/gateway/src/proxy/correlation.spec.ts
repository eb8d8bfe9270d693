import { describe, expect, it } from '@jest/globals';
import {
  isRequestId,
  isTraceparent,
  makeRequestId,
  makeTraceparent,
  traceIdOf,
} from './correlation.ts';

describe('made ids', () => {
  it('are acceptable, and never the same, also beyond one draw of random bytes', () => {
    const made = Array.from({ length: 3_000 }, () => [makeRequestId(), makeTraceparent()] as const);
    for (const [requestId, traceparent] of made) {
      expect(isRequestId(requestId)).toBe(true);
      expect(isTraceparent(traceparent)).toBe(true);
    }
    expect(new Set(made.map(([requestId]) => requestId)).size).toBe(made.length);
    expect(new Set(made.map(([, traceparent]) => traceIdOf(traceparent))).size).toBe(made.length);
  });
});
