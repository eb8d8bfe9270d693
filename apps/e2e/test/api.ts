/** One answer, with its body read. */
export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: unknown;
};

/** A client of the JSON API that carries one account's token. */
export function apiClient(base: string, token?: string) {
  return async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> => {
    const response = await fetch(new URL(path, base), {
      method,
      redirect: 'manual',
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true && text !== '';
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: isJson ? JSON.parse(text) : undefined,
    };
  };
}

export async function tokenFor(
  base: string,
  account: { email: string; password: string },
): Promise<string> {
  const { status, json, text } = await apiClient(base)('POST', '/api/v1/tokens', account);
  if (
    typeof json === 'object' &&
    json !== null &&
    'accessToken' in json &&
    typeof json.accessToken === 'string'
  ) {
    return json.accessToken;
  }
  throw new Error(`No token for ${account.email}: ${status} ${text}`);
}
