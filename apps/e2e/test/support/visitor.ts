export type Page = {
  readonly status: number;
  readonly headers: Headers;
  readonly html: string;
  /** Path and query that a redirect leads to. */
  readonly location: string | null;
};

export type Visitor = {
  readonly cookies: Map<string, string>;
  readonly get: (path: string, headers?: Record<string, string>) => Promise<Page>;
  readonly post: (
    path: string,
    fields: Record<string, string>,
    headers?: Record<string, string>,
  ) => Promise<Page>;
  /** Fetches a page and sends a form of it, with the hidden token that the page carries. */
  readonly submit: (page: string, action: string, fields: Record<string, string>) => Promise<Page>;
};

/** A browser without script: cookies, pages, forms. */
export function visitor(base: string): Visitor {
  const cookies = new Map<string, string>();

  async function send(
    method: string,
    path: string,
    init: { headers: Record<string, string>; body?: string },
  ): Promise<Page> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(new URL(path, base), {
      method,
      redirect: 'manual',
      ...init,
      headers: { accept: 'text/html', ...(cookie === '' ? {} : { cookie }), ...init.headers },
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    const html = await response.text();
    const { status, headers } = response;
    return { status, headers, html, location: headers.get('location') };
  }

  const get: Visitor['get'] = (path, headers = {}) => send('GET', path, { headers });
  const post: Visitor['post'] = (path, fields, headers = {}) =>
    send('POST', path, {
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams(fields).toString(),
    });
  return {
    cookies,
    get,
    post,
    submit: async (page, action, fields) => {
      const { html, status } = await get(page);
      const token = csrfOf(html);
      if (token === undefined) throw new Error(`No form token on ${page} (${status})`);
      return post(action, { _csrf: token, ...fields });
    },
  };
}

export function csrfOf(html: string): string | undefined {
  return /name="_csrf" value="([^"]+)"/.exec(html)?.[1];
}

/** The text between `<main>` and `</main>`: what a page says, without the frame around it. */
export function mainOf(html: string): string {
  return /<main[\s\S]*<\/main>/.exec(html)?.[0] ?? html;
}

export async function logIn(
  base: string,
  { email, password }: { email: string; password: string },
): Promise<Visitor> {
  const person = visitor(base);
  const { status, html } = await person.submit('/login', '/login', { email, password, next: '/' });
  if (status !== 303) throw new Error(`Not logged in: ${status} ${mainOf(html)}`);
  return person;
}
