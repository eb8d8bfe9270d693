import { findSite } from '@newscience/site-client/find-site';
import { SiteClient } from '@newscience/site-client/site-client';
import { messageOf } from '@newscience/service-kit/error-text';
import { z } from 'zod';

import { parseJson } from './stack.ts';

/** One step of a walk through the site. */
export type Step = {
  readonly step: string;
  readonly ok: boolean;
  /** What was seen, or what was wrong. */
  readonly detail: string;
  readonly ms: number;
};

export type WalkOptions = {
  /** Folder with `instance.json` and `credentials.json`. */
  readonly dataDir: string;
  readonly cwd: string;
};

type Page = { readonly status: number; readonly text: string };

/** What a step found wrong. */
class Wrong extends Error {}

const found = z.object({ total: z.number().min(1) });
const person = z.object({ email: z.string() });
const routes = z.object({ items: z.array(z.unknown()) });

/**
 * Walks through the site as a reader does, then as its operator. A step that fails does not keep the others from being
 * tried, as far as they need nothing of it.
 */
export async function walk({ dataDir, cwd }: WalkOptions): Promise<Step[]> {
  // No environment: it may speak of another site, and this walk is about the stack.
  const site = await findSite({ role: 'operator', dataDir, env: {}, cwd });
  if (!site.ok) return [{ step: 'site', ok: false, detail: site.error.detail, ms: 0 }];
  const { url = '', operatorUrl = '' } = site.value;
  const client = new SiteClient(site.value);
  const steps: Step[] = [];
  const step = async (name: string, act: () => Promise<string>): Promise<void> => {
    const started = performance.now();
    const [ok, detail] = await act().then(
      (seen): [boolean, string] => [true, seen],
      (error: unknown): [boolean, string] => [false, messageOf(error)],
    );
    steps.push({ step: name, ok, detail, ms: Math.round(performance.now() - started) });
  };

  let article: string | undefined;
  await step('home page', async () => {
    const { text } = await page(url, 200);
    const links = new Set([...text.matchAll(/href="(\/articles\/[^"?#]+)"/g)].map(([, to]) => to));
    [article] = links;
    if (article === undefined) throw new Wrong('it shows no article');
    return `${links.size} articles`;
  });
  await step('article', async () => {
    if (article === undefined) throw new Wrong('the home page gave none');
    const { text } = await page(url + article, 200);
    if (!text.includes('<h1')) throw new Wrong('it has no headline');
    return article;
  });
  await step('search', async () => {
    const { text } = await page(`${url}/api/v1/search?q=science&limit=1`, 200);
    const { total } = understood(found, text, 'it finds nothing for "science"');
    return `${total} articles for "science"`;
  });
  await step('log in', async () => {
    const answer = await client.call({ method: 'GET', path: '/api/v1/me' });
    if (!answer.ok) throw new Wrong(answer.error.detail);
    return understood(person, answer.value.body, 'it does not say who logged in').email;
  });
  await step('operator API', async () => {
    const answer = await client.call({ method: 'GET', path: '/routes', door: 'operator' });
    if (!answer.ok) throw new Wrong(answer.error.detail);
    const { items } = understood(routes, answer.value.body, 'its route table is not understood');
    return `${items.length} routes`;
  });
  await step('operator API without a token', async () => {
    await page(`${operatorUrl}/routes`, 401);
    return 'refused';
  });
  return steps;
}

async function page(url: string, status: number): Promise<Page> {
  const answer = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(20_000) });
  const text = await answer.text();
  if (answer.status !== status) throw new Wrong(`${url} answered ${answer.status}, not ${status}`);
  return { status, text };
}

function understood<S extends z.ZodType>(schema: S, body: unknown, otherwise: string): z.output<S> {
  const parsed = schema.safeParse(typeof body === 'string' ? parseJson(body) : body);
  if (!parsed.success) throw new Wrong(otherwise);
  return parsed.data;
}
