import { codeOf, isError, messageOf } from '@newscience/service-kit/error-text';
import { err, ok, type Result } from '@newscience/service-kit/result';
import { z } from 'zod';
import type { Refusal, SiteError } from './site-error.ts';

export type Outgoing = {
  method: string;
  headers?: Readonly<Record<string, string>>;
  /** Sent as `application/json`. */
  json?: unknown;
  /** Sent as it is; name its type in `headers`. */
  body?: string | Uint8Array<ArrayBuffer>;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
};

/** A success answer: JSON bodies are parsed (to be checked by the caller), others are text, none is `undefined`. */
export type Incoming = { status: number; headers: Headers; body: unknown };

const problem = z.looseObject({
  code: z.string().optional(),
  title: z.string().optional(),
  detail: z.string().optional(),
  retryable: z.boolean().optional(),
  faults: z
    .array(z.object({ pointer: z.string(), problem: z.string(), remedy: z.string().optional() }))
    .optional()
    .catch(undefined),
});

/** One request, one answer; every way of failing comes back as data. */
export function send(url: string, outgoing: Outgoing): Promise<Result<Incoming, SiteError>> {
  const timeout = AbortSignal.timeout(outgoing.timeoutMs);
  return failuresAsData(url, outgoing, async () => {
    const response = await request(url, outgoing, timeout);
    const body = bodyOf(response, await response.text());
    if (response.ok) return ok({ status: response.status, headers: response.headers, body });
    return err(refused(response.status, body, new URL(url).origin));
  });
}

/** As `send`, but a success is given back as soon as it begins; its body may go on for as long as it likes. */
export function open(url: string, outgoing: Outgoing): Promise<Result<Response, SiteError>> {
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(new DOMException('no answer', 'TimeoutError')),
    outgoing.timeoutMs,
  );
  return failuresAsData(url, outgoing, async () => {
    try {
      const response = await request(url, outgoing, late.signal);
      if (response.ok) return ok(response);
      const body = bodyOf(response, await response.text());
      return err(refused(response.status, body, new URL(url).origin));
    } finally {
      clearTimeout(timer);
    }
  });
}

function request(url: string, outgoing: Outgoing, timeout: AbortSignal): Promise<Response> {
  const { method, json, signal } = outgoing;
  return fetch(url, {
    method,
    headers: {
      accept: 'application/json, application/problem+json;q=0.9, */*;q=0.1',
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...outgoing.headers,
    },
    body: json === undefined ? (outgoing.body ?? null) : JSON.stringify(json),
    // A redirect would carry the token to wherever it points.
    redirect: 'manual',
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
  });
}

async function failuresAsData<T>(
  url: string,
  { signal, timeoutMs }: Outgoing,
  work: () => Promise<Result<T, SiteError>>,
): Promise<Result<T, SiteError>> {
  try {
    return await work();
  } catch (error) {
    if (signal?.aborted === true) throw error;
    return err({
      code: 'site_unreachable',
      detail: unreachable(url, error, timeoutMs),
      cause: error,
    });
  }
}

function bodyOf(response: Response, text: string): unknown {
  if (text === '') return undefined;
  if (!/[/+]json\b/.test(response.headers.get('content-type') ?? '')) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function refused(status: number, body: unknown, origin: string): SiteError {
  const parsed = problem.safeParse(body);
  const fields = parsed.success ? parsed.data : {};
  const refusal: Refusal = {
    status,
    code: fields.code ?? `http_${status}`,
    title: fields.title ?? '',
    detail: fields.detail ?? fields.title ?? `${origin} answered with status ${status}`,
    retryable: fields.retryable ?? (status === 429 || status >= 502),
    faults: fields.faults ?? [],
    body: fields,
  };
  const code = status === 401 || status === 403 ? 'not_authorised' : 'refused';
  return { code, detail: refusal.detail, refusal };
}

function unreachable(url: string, error: unknown, timeoutMs: number): string {
  const { origin } = new URL(url);
  if (isError(error) && error.name === 'TimeoutError') {
    return `${origin} did not answer within ${timeoutMs / 1000} s`;
  }
  const cause = isError(error) ? error.cause : undefined;
  const reason = codeOf(cause) || messageOf(cause ?? error);
  if (reason === 'ECONNREFUSED')
    return `nothing listens at ${origin}: is the site running? ("npm start")`;
  return `${origin} cannot be reached (${reason})`;
}
