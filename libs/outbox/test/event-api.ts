import { expect } from '@jest/globals';
import { createHealth } from '@newscience/service-kit/health';
import { createHttpApp } from '@newscience/service-kit/http-app';
import { listen } from '@newscience/service-kit/http-server';
import { createMetrics } from '@newscience/service-kit/metrics';
import { buildOpenApi } from '@newscience/service-kit/openapi';
import { requireRole, type TokenVerifier } from '@newscience/service-kit/operator-auth';
import { defineProblems } from '@newscience/service-kit/problem';
import { err, ok } from '@newscience/service-kit/result';
import { createConformance } from '@newscience/testing/openapi-conformance';
import type { Express } from 'express';
import { z } from 'zod';

import {
  eventOperations,
  eventProblems,
  eventRoutes,
  type EventRoutesOptions,
} from '../src/operator-api/routes.ts';
import { silent } from './consumer-site.ts';

/** Who calls; by default the operator Olga. */
export type Caller = {
  readonly role?: string;
  readonly sub?: string;
  readonly name?: string;
};

const answerBody = z.looseObject({
  items: z.array(z.looseObject({ id: z.string().optional() })).default([]),
});
export type Answer = { readonly status: number; readonly body: z.output<typeof answerBody> };

export type EventApi = {
  readonly url: string;
  /** A POST where there is a body. `as: null` is nobody. */
  readonly call: (
    path: string,
    sent?: { readonly body?: object; readonly as?: Caller | null },
  ) => Promise<Answer>;
  readonly get: (path: string) => Promise<Answer>;
  readonly close: () => Promise<void>;
};

const callerSchema = z.object({
  role: z.string().default('operator'),
  sub: z.string().default('olga-1'),
  name: z.string().default('Olga'),
});

/** A token that says what it is, for tests of what is behind the check. */
export const tokenOf = (caller: Caller): string =>
  Buffer.from(JSON.stringify(caller)).toString('base64url');

export const verify: TokenVerifier = (token) => {
  try {
    const caller = callerSchema.parse(JSON.parse(Buffer.from(token, 'base64url').toString()));
    return Promise.resolve(ok({ ...caller, expiresAt: new Date(Date.now() + 60_000) }));
  } catch {
    return Promise.resolve(err({ code: 'unauthorized', detail: 'not a token' }));
  }
};

const openApi = buildOpenApi({
  ...{ title: 'test', version: '1.0.0', description: 'A test.', operations: eventOperations },
  securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
});

type EventApiOptions = EventRoutesOptions & {
  /** False for a service that forgot to ask who it is. */
  readonly guarded?: boolean;
  /** What the service has besides. */
  readonly routes?: (app: Express) => void;
};

/** A service that has little but the operator API of its events. */
export async function startEventApi({
  guarded = true,
  routes,
  ...options
}: EventApiOptions): Promise<EventApi> {
  const app = createHttpApp({
    ...{ name: 'test', logger: silent, metrics: createMetrics('test'), health: createHealth() },
    problems: defineProblems(eventProblems),
    routes: (into) => {
      if (guarded) into.use('/admin/events', requireRole(verify, ['operator']));
      into.use(eventRoutes(options));
      routes?.(into);
    },
  });
  const server = await listen({ app, host: '127.0.0.1', port: 0, logger: silent });
  const conformance = createConformance(openApi);
  const url = `http://127.0.0.1:${server.port}`;

  const call: EventApi['call'] = async (path, { body, as = {} } = {}) => {
    const method = body === undefined ? 'GET' : 'POST';
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(as === null ? {} : { authorization: `Bearer ${tokenOf(as)}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.text();
    const { status, headers } = response;
    if (path.startsWith('/admin/'))
      expect(conformance.check({ method, path, status, headers, body: text })).toEqual([]);
    return { status, body: answerBody.parse(JSON.parse(text)) };
  };
  const close = async (): Promise<void> => {
    await server.close(0);
  };
  return { url, call, get: (path) => call(path), close };
}
