import { createSiteClient } from '../site-client.ts';
import type { Answer } from '../site-client.ts';
import { password } from '../monolith.ts';

export type Visitor = ReturnType<typeof createVisitor>;

const fieldOf = (html: string, name: string) =>
  new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1];

/** Somebody with a browser, without its script: reads pages, sends their forms, follows no redirects. */
export function createVisitor(url: string) {
  const client = createSiteClient(url);

  /** The token of the forms on a page; empty where there is none. */
  const tokenOn = async (page: string) => fieldOf((await client.call(page)).text, '_csrf') ?? '';

  /** Sends a form as its page does, with the page's token. */
  async function send(
    page: string,
    action: string,
    fields: Record<string, string>,
  ): Promise<Answer> {
    const _csrf = await tokenOn(page);
    return client.call(action, {
      form: { _csrf, ...fields },
      headers: { origin: url, accept: 'text/html' },
    });
  }

  return {
    ...client,
    tokenOn,
    send,
    async logIn(email: string, pwd = password): Promise<Answer> {
      const answer = await send('/login', '/login', { email, password: pwd });
      if (answer.status !== 303) throw new Error(`${email} was not logged in: ${answer.status}`);
      return answer;
    },
  };
}

/** What differs between two answers for reasons that tell nothing: ids, times, tokens of forms. */
export function comparable({ status, headers, text }: Answer): {
  status: number;
  headers: string[];
  text: string;
} {
  const volatile = new Set(['date', 'x-request-id', 'set-cookie', 'etag']);
  return {
    status,
    headers: [...headers].filter(([name]) => !volatile.has(name)).map((pair) => pair.join(': ')),
    text: text
      .replace(/urn:newscience:request:[\w.-]+/g, 'ID')
      .replace(/name="_csrf" value="[^"]*"/g, 'TOKEN'),
  };
}
