import { password } from './monolith.ts';
import { createSiteClient } from './site-client.ts';

export type Page = {
  status: number;
  html: string;
  /** Where a redirect leads, else null. */
  location: string | null;
  headers: Headers;
};

const entities: Record<string, string> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
};
const decoded = (text: string) =>
  text.replace(/&(amp|lt|gt|quot|#39);/g, (all) => entities[all] ?? '');

/** The text of a page as somebody reads it: without markup, entities decoded, white space single. */
export function textOf(html: string): string {
  const body = html.slice(html.indexOf('<main'));
  return decoded(body.replace(/<[^>]*>/g, ' '))
    .replace(/\s+/g, ' ')
    .trim();
}

/** What stands in a field of a form: `value`, or the text of a textarea; null when there is no such field. */
export function valueOf(html: string, id: string): string | null {
  const area = new RegExp(`<textarea id="${id}"[^>]*>\\n([\\s\\S]*?)</textarea>`).exec(html);
  if (area) return decoded(area[1] ?? '');
  const input = new RegExp(`<input id="${id}"[^>]*>`).exec(html)?.[0];
  const value = input && / value="([^"]*)"/.exec(input);
  return value ? decoded(value[1] ?? '') : null;
}

/** The messages beside a field. */
export function faultOf(html: string, id: string): string | null {
  const found = new RegExp(`id="${id}-fault">(.*?)</div>`, 's').exec(html);
  return found ? textOf(`<main>${found[1] ?? ''}`) : null;
}

/** The addresses of all links that have this text somewhere. */
export function linksWith(html: string, text: string): string[] {
  return [...html.matchAll(/<a [^>]*?href="([^"]*)"[^>]*>([\s\S]*?)<\/a>/g)]
    .filter(([, , inner]) => textOf(`<main>${inner ?? ''}`).includes(text))
    .map(([, href]) => decoded(href ?? ''));
}

/** Somebody with a browser without script: reads pages, and sends the forms that are on them. */
export function createVisitor(url: string) {
  const client = createSiteClient(url);

  async function ask(path: string, init: Parameters<typeof client.call>[1] = {}): Promise<Page> {
    const { status, headers, text } = await client.call(path, init);
    return { status, html: text, location: headers.get('location'), headers };
  }

  function tokenOf(html: string): string {
    return decoded(/name="_csrf" value="([^"]+)"/.exec(html)?.[1] ?? '');
  }

  /** Loads the page with the form, and sends the fields with its token, as a browser does. */
  async function send(page: string, action: string, fields: Record<string, string>): Promise<Page> {
    const { html } = await ask(page);
    if (!html.includes(`action="${action}"`)) throw new Error(`${page} has no form for ${action}`);
    const _csrf = tokenOf(html);
    return ask(action, { form: { ...fields, _csrf }, headers: { origin: url } });
  }

  return {
    cookies: client.cookies,
    ask,
    send,
    tokenOf,
    async page(path: string): Promise<string> {
      const { status, html } = await ask(path);
      if (status !== 200) throw new Error(`${path} answered ${status}`);
      return html;
    },
    async logIn(email: string, pwd = password): Promise<void> {
      const { status, html } = await send('/login', '/login', { email, password: pwd, next: '/' });
      if (status !== 303) throw new Error(`No log-in for ${email}: ${status} ${textOf(html)}`);
    },
    /** Registers and logs in. */
    async join(email: string, name: string): Promise<void> {
      const { status } = await send('/register', '/register', { name, email, password, next: '/' });
      if (status !== 303) throw new Error(`Not registered: ${status}`);
      await this.logIn(email);
    },
  };
}

export type Visitor = ReturnType<typeof createVisitor>;
