import type { Call, CallOptions, Policy, Repeat } from './call.ts';
import { parseRetryAfter } from './domain/retry-after.ts';

/** An answer that counts as a failure of the called party. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';
  readonly code = 'http_failure';
  readonly status: number;
  readonly retryable: boolean;
  /** What its `Retry-After` says, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  readonly response: Response;

  constructor(response: Response, retryable: boolean) {
    super(`answered with status ${response.status}`);
    this.status = response.status;
    this.retryable = retryable;
    this.retryAfterMs = parseRetryAfter(response.headers.get('retry-after'), Date.now());
    this.response = response;
  }
}

export type WrapFetchOptions = {
  readonly fetch?: typeof fetch;
  /** Statuses that count as failures. Default 429 and 500 to 599. */
  readonly isFailure?: (status: number) => boolean;
  /** Statuses after which trying again makes sense. Default 429, 502, 503, 504. */
  readonly isRetryable?: (status: number) => boolean;
};

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
const passing = new Set([429, 502, 503, 504]);

/**
 * `fetch` with policies around it. Its answers are those of `fetch`: a status that counts as a failure is told to the
 * policies, and given back as the response that it is when they have done what they could. A rejection of a policy, or
 * of the network, rejects.
 *
 * GET, HEAD, OPTIONS and TRACE may be repeated; others with an `Idempotency-Key` header; nothing with a body that is a
 * stream, because it can be read once.
 */
export function wrapFetch(policy: Policy, options: WrapFetchOptions = {}): typeof fetch {
  const inner = options.fetch ?? fetch;
  const isFailure = options.isFailure ?? ((status) => status === 429 || status >= 500);
  const retryable = options.isRetryable ?? ((status) => passing.has(status));

  return async (input, init) => {
    const repeat = repeatOf(input, init);
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    let failures: HttpFailure[] = [];
    const attempt = async (call: Call): Promise<Response> => {
      // Nobody will be given the answers before this one: their connections are wanted back.
      discard(failures);
      failures = [];
      const target = input instanceof Request && repeat !== undefined ? input.clone() : input;
      const response = await inner(target, { ...init, signal: call.signal });
      if (!isFailure(response.status)) return response;
      const failure = new HttpFailure(response, retryable(response.status));
      failures.push(failure);
      throw failure;
    };
    const callOptions: CallOptions = { signal, repeat };
    try {
      const response = await policy.execute(attempt, callOptions);
      discard(failures);
      return response;
    } catch (error) {
      discard(failures.filter((failure) => failure !== error));
      if (error instanceof HttpFailure) return error.response;
      throw error;
    }
  };
}

function discard(failures: readonly HttpFailure[]): void {
  for (const { response } of failures) response.body?.cancel().catch(() => undefined);
}

function repeatOf(
  input: Parameters<typeof fetch>[0],
  init: RequestInit | undefined,
): Repeat | undefined {
  const request = input instanceof Request ? input : undefined;
  const body: unknown = init?.body ?? request?.body;
  if (init?.body instanceof ReadableStream) return undefined;
  const method = (init?.method ?? request?.method ?? 'GET').toUpperCase();
  if (safeMethods.has(method) && (body === null || body === undefined)) return 'safe';
  const headers = new Headers(init?.headers ?? request?.headers);
  const idempotencyKey = headers.get('idempotency-key');
  return idempotencyKey === null ? undefined : { idempotencyKey };
}
