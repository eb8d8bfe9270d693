import { z } from 'zod';
import { password } from './monolith.ts';

const tokenBody = z.object({
  accessToken: z.string(),
  tokenType: z.literal('Bearer'),
  expiresIn: z.number(),
});

export type Answer = { status: number; headers: Headers; body: unknown; text: string };
export type Call = {
  method?: string;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as a form. */
  form?: Record<string, string>;
  token?: string;
  headers?: Record<string, string>;
  /** Sent as it is. */
  raw?: string | Uint8Array<ArrayBuffer>;
};

/** One browser or program: keeps cookies, follows no redirects. */
export function createSiteClient(url: string) {
  const cookies = new Map<string, string>();

  function keep(headers: Headers): void {
    for (const line of headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split('; ');
      const at = pair.indexOf('=');
      const expires = attributes.find((part) => part.startsWith('Expires='))?.slice(8);
      if (expires !== undefined && Date.parse(expires) <= Date.now())
        cookies.delete(pair.slice(0, at));
      else cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
  }

  async function call(
    path: string,
    { method, json, form, token, headers = {}, raw }: Call = {},
  ): Promise<Answer> {
    const all: Record<string, string> = { ...headers };
    let body: string | Uint8Array<ArrayBuffer> | undefined = raw;
    if (json !== undefined) {
      body = JSON.stringify(json);
      all['content-type'] ??= 'application/json';
    } else if (form !== undefined) {
      body = new URLSearchParams(form).toString();
      all['content-type'] ??= 'application/x-www-form-urlencoded';
    }
    if (token !== undefined) all['authorization'] = `Bearer ${token}`;
    if (cookies.size > 0) all['cookie'] ??= [...cookies].map((pair) => pair.join('=')).join('; ');
    const init = {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: all,
      redirect: 'manual',
    } as const;
    const response = await fetch(url + path, body === undefined ? init : { ...init, body });
    keep(response.headers);
    const text = await response.text();
    const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '');
    const parsed: unknown = isJson && text !== '' ? JSON.parse(text) : undefined;
    return { status: response.status, headers: response.headers, body: parsed, text };
  }

  async function token(email: string, pwd = password): Promise<string> {
    const answer = await call('/api/v1/tokens', { json: { email, password: pwd } });
    if (answer.status !== 200)
      throw new Error(`No token for ${email}: ${answer.status} ${answer.text}`);
    return tokenBody.parse(answer.body).accessToken;
  }

  return {
    cookies,
    call,
    /** Logs in for a bearer token. */
    token,
    /** Registers somebody and logs in for a bearer token. */
    async registered(email: string, name = 'Ada Lovelace'): Promise<string> {
      const answer = await call('/api/v1/accounts', { json: { email, name, password } });
      if (answer.status !== 202) throw new Error(`Not registered: ${answer.status} ${answer.text}`);
      return token(email);
    },
  };
}
