import { isRequestId, isTraceparent, makeRequestId, makeTraceparent } from './correlation.ts';
import { withoutFields } from './hop-by-hop.ts';
import type { ProblemCode } from './problems.ts';
import { SeenFields } from './seen-fields.ts';
import type { FacadeLimits } from './settings.ts';

/** What a client's header section says, and what the upstream is told. */
export type RequestFields = {
  /** End-to-end fields in the client's order and case, then what the facade adds. */
  forward: string[];
  requestId: string;
  traceparent: string;
  body: 'none' | 'counted' | 'chunked';
  /** Value of `Upgrade`, or undefined. */
  upgrade: string | undefined;
};

export type FieldsFault = { code: ProblemCode; detail: string; requestId: string };

export type ClientFacts = {
  /** Address of the peer of this connection: the one thing about a client that is not a claim. */
  address: string;
  scheme: 'http' | 'https';
  /** 0 or 1: HTTP/1.0 knows no transfer coding and no obligatory Host. */
  minorVersion: number;
};

/** A `Connection` field cannot take these away: the message would change its meaning. */
const neverNamed = new Set(['host', 'content-length', 'transfer-encoding', 'upgrade']);

const hostText = /^[\w.\-~%!$&'()*+,;=:[\]]*$/;
const digits = /^\d{1,15}$/;

/**
 * Checks a header section and prepares the one that is passed on. Runs for every request.
 *
 * @param raw name, value, name, value, ... as they came
 */
export function readRequestFields(
  raw: readonly string[],
  client: ClientFacts,
  limits: FacadeLimits,
): RequestFields | FieldsFault {
  let seen = new SeenFields(raw);
  const { bytes, named, upgrade } = seen;
  if (named !== undefined) {
    const dropped = new Set(named.filter((name) => !neverNamed.has(name)));
    seen = new SeenFields(withoutFields(raw, dropped));
  }
  const requestId = correlate(seen);
  const fault = faultIn(seen, bytes, raw.length / 2, client, limits);
  if (fault !== undefined) return { ...fault, requestId };
  const traceparent = trace(seen);
  tellClient(seen, client);
  const length = seen.length;
  return {
    forward: seen.forward,
    requestId,
    traceparent,
    body:
      seen.codings > 0
        ? 'chunked'
        : length === undefined || Number(length) === 0
          ? 'none'
          : 'counted',
    upgrade,
  };
}

type Fault = { code: ProblemCode; detail: string };

const rejected = (detail: string): Fault => ({ code: 'request_rejected', detail });

function faultIn(
  seen: SeenFields,
  bytes: number,
  count: number,
  client: ClientFacts,
  limits: FacadeLimits,
): Fault | undefined {
  if (bytes > limits.headerBytes) {
    return tooLarge(`All header fields together should have at most ${limits.headerBytes} bytes.`);
  }
  if (count > limits.headerFields) {
    return tooLarge(`There should be at most ${limits.headerFields} header fields.`);
  }
  if (seen.hosts > 1) return rejected('There should be one Host field.');
  if (seen.host === undefined) {
    if (client.minorVersion > 0) return rejected('A Host field is needed.');
  } else if (!hostText.test(seen.host)) {
    return rejected('The Host field is not a host.');
  }
  return framingFault(seen, client, limits);
}

function framingFault(
  seen: SeenFields,
  client: ClientFacts,
  limits: FacadeLimits,
): Fault | undefined {
  if (seen.codings > 0) {
    if (seen.lengths > 0)
      return rejected('Content-Length and Transfer-Encoding exclude each other.');
    if (seen.codings > 1) return rejected('There should be one Transfer-Encoding field.');
    if (client.minorVersion === 0) return rejected('HTTP/1.0 knows no Transfer-Encoding.');
    if (seen.coding?.toLowerCase() !== 'chunked') {
      return {
        code: 'transfer_coding_unsupported',
        detail: 'The only transfer coding supported is chunked.',
      };
    }
  }
  if (seen.length === undefined) return undefined;
  if (seen.lengths > 1) return rejected('There should be one Content-Length field.');
  if (!digits.test(seen.length)) return rejected('Content-Length should be a whole number.');
  if (Number(seen.length) <= limits.bodyBytes) return undefined;
  return { code: 'body_too_large', detail: bodyTooLarge(limits) };
}

export function bodyTooLarge({ bodyBytes }: FacadeLimits): string {
  return `The body should have at most ${bodyBytes} bytes.`;
}

function tooLarge(detail: string): Fault {
  return { code: 'header_too_large', detail };
}

/** The request id, passed on or made; one that is not acceptable is replaced. */
function correlate(seen: SeenFields): string {
  if (seen.requestIdAt === -1) {
    const made = makeRequestId();
    seen.forward.push('X-Request-Id', made);
    return made;
  }
  const given = seen.forward[seen.requestIdAt] ?? '';
  if (isRequestId(given)) return given;
  const made = makeRequestId();
  seen.forward[seen.requestIdAt] = made;
  return made;
}

function trace(seen: SeenFields): string {
  if (seen.traceparentAt === -1) {
    const made = makeTraceparent();
    seen.forward.push('traceparent', made);
    return made;
  }
  const given = seen.forward[seen.traceparentAt] ?? '';
  if (isTraceparent(given)) return given;
  const made = makeTraceparent();
  seen.forward[seen.traceparentAt] = made;
  return made;
}

/**
 * Appends what this hop knows to what the client claims: the last element of each list is the
 * facade's own word, everything before it is hearsay.
 */
function tellClient(seen: SeenFields, { address, scheme }: ClientFacts): void {
  const { forward } = seen;
  append(forward, 'X-Forwarded-For', seen.forwardedForAt, address);
  append(forward, 'X-Forwarded-Proto', seen.forwardedProtoAt, scheme);
  if (seen.host !== undefined) append(forward, 'X-Forwarded-Host', seen.forwardedHostAt, seen.host);
}

function append(forward: string[], name: string, valueAt: number, value: string): void {
  if (valueAt === -1) {
    forward.push(name, value);
    return;
  }
  const claimed = forward[valueAt] ?? '';
  forward[valueAt] = claimed === '' ? value : `${claimed}, ${value}`;
}
