import { err, ok, type Result } from '@newscience/service-kit/result';
import type { SiteService } from '@newscience/site-client/find-site';
import type { Call, SiteClient } from '@newscience/site-client/site-client';
import type { SiteError } from '@newscience/site-client/site-error';
import type { z } from 'zod';

import type { deadLetterSchema } from '../operator-api/schemas.ts';
import {
  deadLetterPageSchema,
  deedPageSchema,
  lagSchema,
  wholeDeadLetterSchema,
} from '../operator-api/schemas.ts';
import { type LetterName, nameOf } from './letter-name.ts';
import { serviceNamed } from './services.ts';

type Answer<T> = Promise<Result<T, SiteError>>;
export type LagItem = z.output<typeof lagSchema>['items'][number] & { readonly service: string };
/** Its `id` is a name: `<service>/<id>`. */
export type Letter = z.output<typeof deadLetterSchema> & { readonly service: string };
export type WholeLetter = z.output<typeof wholeDeadLetterSchema> & { readonly service: string };
export type Deed = z.output<typeof deedPageSchema>['items'][number] & { readonly service: string };

/** What came from many services. Some may have failed, some may have more. */
export type Gathered<T> = {
  readonly items: readonly T[];
  /** Where the next page of a service begins, as a name. */
  readonly more: readonly string[];
  readonly failed: readonly { readonly service: string; readonly error: SiteError }[];
};

export type PageOptions = {
  readonly limit?: number | undefined;
  /** Only that service is asked. */
  readonly before?: LetterName | undefined;
};

/** The operator API of events of all services as the command line uses it. */
export type EventClient = {
  readonly lag: () => Answer<Gathered<LagItem>>;
  readonly list: (
    options: PageOptions & { readonly consumer?: string | undefined },
  ) => Answer<Gathered<Letter>>;
  readonly audit: (options: PageOptions) => Answer<Gathered<Deed>>;
  readonly show: (name: LetterName) => Answer<WholeLetter>;
  readonly replay: (name: LetterName, why: string | undefined) => Answer<WholeLetter>;
  readonly discard: (name: LetterName, why: string) => Answer<WholeLetter>;
};

const lettersPath = '/admin/events/dead-letters';

export function createEventClient(
  site: Pick<SiteClient, 'call'>,
  services: readonly SiteService[],
): EventClient {
  const call = async <S extends z.ZodType>(
    { url, name }: SiteService,
    schema: S,
    request: Pick<Call, 'method' | 'path' | 'json'>,
  ): Answer<z.output<S>> => {
    const answer = await site.call({ ...request, door: { url } });
    if (!answer.ok) return answer;
    const parsed = schema.safeParse(answer.value.body);
    if (parsed.success) return ok(parsed.data);
    const detail = `the answer of ${name} to ${request.method} ${request.path} is not one of the operator API`;
    return err({ code: 'answer_not_understood', detail });
  };

  /** Asks all; a service without the API is passed over, one that fails is told of. */
  const gather = async <T>(
    asked: readonly SiteService[],
    ask: (service: SiteService) => Answer<{ items: readonly T[]; more?: string | undefined }>,
  ): Answer<Gathered<T>> => {
    const answers = await Promise.all(
      asked.map(async (service) => ({ service: service.name, answer: await ask(service) })),
    );
    const having = answers.filter(({ answer }) => answer.ok || !hasNone(answer.error));
    if (having.length === 0) {
      const names = asked.map(({ name }) => name).join(', ');
      const detail = `none of these services consumes events: ${names}. Name others with --service NAME=URL`;
      return err({ code: 'site_not_found', detail });
    }
    const values = having.flatMap(({ answer }) => (answer.ok ? [answer.value] : []));
    return ok({
      items: values.flatMap(({ items }) => items),
      more: values.flatMap(({ more }) => more ?? []),
      failed: having.flatMap(({ service, answer }) =>
        answer.ok ? [] : [{ service, error: answer.error }],
      ),
    });
  };

  const page = async <T extends { id: string }>(
    { limit, before }: PageOptions,
    path: string,
    schema: z.ZodType<{ items: T[]; next: string | null }>,
    query: Readonly<Record<string, string>> = {},
  ): Answer<Gathered<T & { service: string }>> => {
    const only = before === undefined ? ok(undefined) : serviceNamed(services, before.service);
    if (!only.ok) return only;
    const parameters = new URLSearchParams({
      ...query,
      ...(limit === undefined ? {} : { limit: String(limit) }),
      ...(before === undefined ? {} : { before: before.id }),
    });
    const asked = only.value === undefined ? services : [only.value];
    return gather(asked, async (service) => {
      const request = { method: 'GET', path: `${path}?${parameters.toString()}` };
      const answer = await call(service, schema, request);
      if (!answer.ok) return answer;
      const { items, next } = answer.value;
      const more = next === null ? undefined : nameOf(service.name, next);
      return ok({
        items: items.map((item) => ({
          ...item,
          ...{ id: nameOf(service.name, item.id), service: service.name },
        })),
        more,
      });
    });
  };

  const one = async (
    { service: name, id }: LetterName,
    request: { readonly method: string; readonly deed?: string; readonly json?: object },
  ): Answer<WholeLetter> => {
    const service = serviceNamed(services, name);
    if (!service.ok) return service;
    const { method, deed, json } = request;
    const path = `${lettersPath}/${id}${deed === undefined ? '' : `/${deed}`}`;
    const answer = await call(service.value, wholeDeadLetterSchema, { method, path, json });
    if (answer.ok) return ok({ ...answer.value, id: nameOf(name, id), service: name });
    if (!hasNone(answer.error)) return answer;
    return err({ code: 'site_not_found', detail: `${name} consumes no events` });
  };

  return {
    lag: () =>
      gather(services, async (service) => {
        const answer = await call(service, lagSchema, {
          ...{ method: 'GET', path: '/admin/events/lag' },
        });
        if (!answer.ok) return answer;
        return ok({
          items: answer.value.items.map((item) => ({ ...item, service: service.name })),
        });
      }),
    list: ({ consumer, ...options }) =>
      page(options, lettersPath, deadLetterPageSchema, consumer === undefined ? {} : { consumer }),
    audit: (options) => page(options, '/admin/events/audit', deedPageSchema),
    show: (name) => one(name, { method: 'GET' }),
    replay: (name, why) =>
      one(name, { method: 'POST', deed: 'replay', json: why === undefined ? {} : { why } }),
    discard: (name, why) => one(name, { method: 'POST', deed: 'discard', json: { why } }),
  };
}

/** Whether the service lacks the API. A dead letter that is missing has a code of its own. */
const hasNone = (error: SiteError): boolean =>
  error.code === 'refused' &&
  error.refusal.status === 404 &&
  !error.refusal.code.startsWith('dead_letter');
