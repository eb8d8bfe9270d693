import { err, ok, type Result } from '@newscience/service-kit/result';
import type { Call, SiteClient } from '@newscience/site-client/site-client';
import type { SiteError } from '@newscience/site-client/site-error';
import { z } from 'zod';
import {
  auditPageSchema,
  explanationSchema,
  routeListSchema,
  routeSchema,
} from '../routes/schemas.ts';

type Answer<T> = Promise<Result<T, SiteError>>;
type Route = z.output<typeof routeSchema>;
type Definition = { path: string; methods: readonly string[]; target: string; stage: string };
type Writing = { why: string; revision?: number | undefined; force?: boolean | undefined };

/** The operator API as the command line uses it. */
export type RouteClient = {
  list: () => Answer<z.output<typeof routeListSchema>>;
  show: (id: string) => Answer<Route>;
  explain: (method: string, path: string) => Answer<z.output<typeof explanationSchema>>;
  audit: (query: Record<string, string>) => Answer<z.output<typeof auditPageSchema>>;
  set: (id: string, definition: Definition, writing: Writing) => Answer<Route>;
  stage: (id: string, stage: string, writing: Writing) => Answer<Route>;
  remove: (id: string, writing: Writing) => Answer<undefined>;
};

/**
 * Each change names the revision that it is based on. Where the caller names none it is the one of this
 * moment, so that whoever changes the route between our look and our change is not overwritten unseen.
 */
export function createRouteClient(site: Pick<SiteClient, 'call'>): RouteClient {
  const call = async <S extends z.ZodType>(schema: S, request: Call): Answer<z.output<S>> => {
    const answer = await site.call({ ...request, door: 'operator' });
    if (!answer.ok) return answer;
    const parsed = schema.safeParse(answer.value.body);
    if (parsed.success) return ok(parsed.data);
    const detail = `the answer to ${request.method} ${request.path} is not one of the operator API: is the address right?`;
    return err({ code: 'answer_not_understood', detail });
  };
  const show = (id: string) => call(routeSchema, { method: 'GET', path: pathOf(id) });

  /** The revision that a change is based on; 0 for a route that is not there. */
  const revisionOf = async (id: string): Answer<number> => {
    const current = await show(id);
    if (current.ok) return ok(current.value.revision);
    const { error } = current;
    const absent = error.code === 'refused' && error.refusal.code === 'route_not_found';
    return absent ? ok(0) : current;
  };

  const write = async <S extends z.ZodType>(
    schema: S,
    id: string,
    { why, revision: named, force }: Writing,
    request: { method: string; suffix?: string; json: object },
  ): Answer<z.output<S>> => {
    const revision = named === undefined ? await revisionOf(id) : ok(named);
    if (!revision.ok) return revision;
    const path = `${pathOf(id)}${request.suffix ?? ''}${force === true ? '?force=true' : ''}`;
    const { method } = request;
    const json = { ...request.json, why };
    // Only a route that is to be made may be expected not to be there.
    const make = method === 'PUT' && revision.value === 0;
    const headers: Record<string, string> = make
      ? { 'if-none-match': '*' }
      : { 'if-match': `"${revision.value}"` };
    return call(schema, { method, path, json, headers });
  };

  return {
    list: () => call(routeListSchema, { method: 'GET', path: '/routes' }),
    show,
    explain: (method, path) => {
      const query = new URLSearchParams({ method, path });
      return call(explanationSchema, {
        method: 'GET',
        path: `/routes/explain?${query.toString()}`,
      });
    },
    audit: (query) => {
      const path = `/audit?${new URLSearchParams(query).toString()}`;
      return call(auditPageSchema, { method: 'GET', path });
    },
    set: (id, definition, writing) =>
      write(routeSchema, id, writing, { method: 'PUT', json: definition }),
    stage: (id, stage, writing) =>
      write(routeSchema, id, writing, { method: 'POST', suffix: '/stage', json: { stage } }),
    remove: (id, writing) => write(z.undefined(), id, writing, { method: 'DELETE', json: {} }),
  };
}

function pathOf(id: string): string {
  return `/routes/${encodeURIComponent(id)}`;
}
