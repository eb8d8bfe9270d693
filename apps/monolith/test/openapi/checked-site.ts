import { createConformance } from '@newscience/testing/openapi-conformance';
import type { ConformanceFault } from '@newscience/testing/openapi-conformance';
import { z } from 'zod';
import { openApi } from '../../src/openapi.ts';
import { editor, operator, startMonolith } from '../monolith.ts';
import type { TestMonolith } from '../monolith.ts';
import { createSiteClient } from '../site-client.ts';
import type { Answer, Call } from '../site-client.ts';

export type Tokens = Record<'operator' | 'editor' | 'reader' | 'other', string>;

/** A site each answer of which is compared with the document. */
export type CheckedSite = {
  site: TestMonolith;
  tokens: Tokens;
  /** One request, which has to be answered with this status. */
  see: (status: number, path: string, call?: Call) => Promise<Answer>;
  /** All differences so far. */
  faults: ConformanceFault[];
  /** What is documented and was not seen yet, such as `GET /api/v1/articles 200`. */
  uncovered: () => string[];
};

const responses = z.object({
  responses: z.record(z.string(), z.object({ description: z.string() })),
});
const operations = z.partialRecord(z.string(), responses);
const problem = z.object({ code: z.string() });

const matches = (pattern: string, path: string) =>
  new RegExp(`^${pattern.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`).test(
    path.replace(/\?.*/, ''),
  );

/** The codes that the document names for a status. */
function documentedCodes(method: string, path: string, status: number): string {
  const item = Object.entries(openApi.paths ?? {})
    .sort(([a], [b]) => Number(a.includes('{')) - Number(b.includes('{')))
    .find(([pattern]) => matches(pattern, path))?.[1];
  return operations.parse(item ?? {})[method]?.responses[String(status)]?.description ?? '';
}

function methodOf({ method, json, form, raw }: Call): string {
  return (method ?? ((json ?? form ?? raw) === undefined ? 'get' : 'post')).toLowerCase();
}

/** Starts a site with two readers, an editor and an operator. */
export async function startCheckedSite(): Promise<CheckedSite> {
  const conformance = createConformance(openApi);
  const faults: ConformanceFault[] = [];
  const site = await startMonolith({ REGISTRATIONS_PER_ADDRESS: '4' });
  const client = createSiteClient(site.url);

  function check(path: string, call: Call, { status, headers, text, body }: Answer): void {
    const method = methodOf(call);
    faults.push(...conformance.check({ method, path, status, headers, body: text }));
    const code = status >= 400 ? problem.safeParse(body).data?.code : undefined;
    const codes = documentedCodes(method, path, status);
    if (code === undefined || codes.includes(`\`${code}\``)) return;
    faults.push({
      where: `${method} ${path} ${status}`,
      problem: `has the code ${code}; documented: ${codes}`,
    });
  }

  return {
    site,
    tokens: {
      operator: await client.token(operator.email),
      editor: await client.token(editor.email),
      reader: await client.registered('reader@example.org', 'Reader'),
      other: await client.registered('other@example.org', 'Other'),
    },
    async see(status, path, call = {}) {
      const answer = await client.call(path, call);
      check(path, call, answer);
      if (answer.status === status) return answer;
      throw new Error(
        `${methodOf(call)} ${path}: ${answer.status}, not ${status}: ${answer.text.slice(0, 500)}`,
      );
    },
    faults,
    uncovered: conformance.uncovered,
  };
}
