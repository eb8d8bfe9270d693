/** Sizes and counts beyond which the facade refuses; bytes are bytes on the wire. */
export type FacadeLimits = {
  /** All header fields of a request together: 431. Default 16 KiB. */
  headerBytes: number;
  /** Number of header fields of a request: 431. Default 200. */
  headerFields: number;
  /** The request target with its query: 414. Default 8 KiB. */
  targetBytes: number;
  /** The body of a request, declared or counted: 413. Default 2 GiB; bodies are streamed, never kept. */
  bodyBytes: number;
  /** All header fields of an upstream's answer together: 502. Default 64 KiB. */
  answerHeaderBytes: number;
  /** Requests that wait for a connection to one upstream: 503 beyond. Default 1,024. */
  queuedPerUpstream: number;
  /** Open upgraded connections (WebSocket) to one upstream: 503 beyond. Default 1,024. */
  upgradesPerUpstream: number;
  /** Open connections of clients: further ones are dropped. Default 10,000. */
  clientConnections: number;
  /** How much of an unwanted upload is read, so that its client sees the answer. Default 4 MiB. */
  lingerBytes: number;
};

/**
 * How long the facade waits, in milliseconds. What is waited for is looked at at every tick, so each
 * lasts up to two ticks longer; a tick is a quarter of the shortest of them, at most 250 ms.
 */
export type FacadeTimeouts = {
  /** A client to send a complete request head: 408. Default 15,000. */
  clientHeaderMs: number;
  /** A client to send its next request on an idle connection, which is closed. Default 65,000. */
  keepAliveMs: number;
  /** For a free connection to the upstream: 503. Default 5,000. */
  queueMs: number;
  /** For an upstream to accept a connection: 504. Default 3,000. */
  connectMs: number;
  /** For the head of an answer once the request is sent: 504. Default 60,000. */
  headerMs: number;
  /** For the next byte in the middle of a body: 408, 504, or a broken answer. Default 60,000. */
  idleMs: number;
  /** For the next byte in either direction of an upgraded connection. Default 3,600,000. */
  upgradeIdleMs: number;
  /** How long the rest of an unwanted upload is read. Default 2,000. */
  lingerMs: number;
};

const defaultLimits: FacadeLimits = {
  headerBytes: 16 * 1_024,
  headerFields: 200,
  targetBytes: 8 * 1_024,
  bodyBytes: 2 * 1_024 ** 3,
  answerHeaderBytes: 64 * 1_024,
  queuedPerUpstream: 1_024,
  upgradesPerUpstream: 1_024,
  clientConnections: 10_000,
  lingerBytes: 4 * 1_024 ** 2,
};

const defaultTimeouts: FacadeTimeouts = {
  clientHeaderMs: 15_000,
  keepAliveMs: 65_000,
  queueMs: 5_000,
  connectMs: 3_000,
  headerMs: 60_000,
  idleMs: 60_000,
  upgradeIdleMs: 3_600_000,
  lingerMs: 2_000,
};

export type FacadeSettings = {
  limits: FacadeLimits;
  timeouts: FacadeTimeouts;
  /** Milliseconds from one look at what has expired to the next. */
  tickMs: number;
  connectionsPerUpstream: number;
};

/**
 * Defaults with what is given put over them.
 *
 * @throws RangeError that names all values out of range at once
 */
export function facadeSettings(given: {
  limits?: Partial<FacadeLimits> | undefined;
  timeouts?: Partial<FacadeTimeouts> | undefined;
  connectionsPerUpstream?: number | undefined;
}): FacadeSettings {
  const timeouts = { ...defaultTimeouts, ...given.timeouts };
  const settings = {
    limits: { ...defaultLimits, ...given.limits },
    timeouts,
    tickMs: Math.max(10, Math.min(250, Math.floor(Math.min(...Object.values(timeouts)) / 4))),
    connectionsPerUpstream: given.connectionsPerUpstream ?? 128,
  };
  const values = [
    ...Object.entries(settings.limits),
    ...Object.entries(settings.timeouts),
    ['connectionsPerUpstream', settings.connectionsPerUpstream] as const,
  ];
  const mayBeZero = new Set([
    'queuedPerUpstream',
    'upgradesPerUpstream',
    'lingerBytes',
    'lingerMs',
  ]);
  const faults = values
    .filter(
      ([name, value]) => !Number.isSafeInteger(value) || value < (mayBeZero.has(name) ? 0 : 1),
    )
    .map(([name, value]) => {
      const least = mayBeZero.has(name) ? 0 : 1;
      return `${name} should be a whole number from ${least} on, got ${value}`;
    });
  if (faults.length > 0) throw new RangeError(faults.join('; '));
  return settings;
}
