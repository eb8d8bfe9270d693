import { z } from 'zod';
import { password } from './monolith.ts';
import { createSiteClient } from './site-client.ts';

const seen = z.object({
  csrf: z.string(),
  viewer: z.looseObject({ kind: z.string(), nm: z.string().optional() }),
});

export type FormBrowser = ReturnType<typeof createFormBrowser>;

/** A browser on the form site. */
export function createFormBrowser(url: string) {
  const client = createSiteClient(url);
  const look = async () => seen.parse((await client.call('/form')).body);
  const send = async (
    path: string,
    form: Record<string, string> = {},
    headers: Record<string, string> = {},
  ) => client.call(path, { form: { _csrf: (await look()).csrf, ...form }, headers });
  return {
    ...client,
    look,
    send,
    async enter(email: string, pwd = password) {
      const answer = await send('/login', { email, password: pwd });
      if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
      return answer;
    },
  };
}

/** Somebody who has registered and logged in. */
export async function createMember(url: string, email: string): Promise<FormBrowser> {
  const one = createFormBrowser(url);
  const answer = await one.send('/register', { email, name: email, password });
  if (answer.status !== 200) throw new Error(answer.text);
  await one.enter(email);
  return one;
}
