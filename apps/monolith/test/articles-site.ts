import { join } from 'node:path';
import type { Router } from 'express';
import type { Pool } from 'pg';
import { createHealth } from '@newscience/service-kit/health';
import { createHttpApp } from '@newscience/service-kit/http-app';
import { listen } from '@newscience/service-kit/http-server';
import { createLogger } from '@newscience/service-kit/logging';
import { createMetrics } from '@newscience/service-kit/metrics';
import { migrate } from '@newscience/service-kit/migrations';
import { buildOpenApi } from '@newscience/service-kit/openapi';
import { createPool } from '@newscience/service-kit/postgres';
import { defineProblems } from '@newscience/service-kit/problem';
import { createConformance } from '@newscience/testing/openapi-conformance';
import { createTemplate } from '@newscience/testing/template-database';
import { z } from 'zod';
import { acctProblems } from '../src/accounts/problems.ts';
import type { ArtInt, ArtPut, ArtRec } from '../src/articles/art-int.ts';
import { createArt } from '../src/articles/art-mod.ts';
import { artOperations } from '../src/articles/operations.ts';
import { artProblems } from '../src/articles/problems.ts';
import { autOperations } from '../src/authors/operations.ts';
import { autProblems } from '../src/authors/problems.ts';
import { cmtOperations } from '../src/comments/operations.ts';
import { cmtProblems } from '../src/comments/problems.ts';
import { digestOperations } from '../src/digest/operations.ts';
import { feedOperations } from '../src/feeds/operations.ts';
import { feedProblems } from '../src/feeds/problems.ts';
import { hitOperations } from '../src/most-read/operations.ts';
import { subOperations } from '../src/subscriptions/operations.ts';
import { subProblems } from '../src/subscriptions/problems.ts';
import type { UsrRol } from '../src/viewer.ts';
import { setViewer } from '../src/viewer.ts';

export const logger = createLogger({ service: 'test', level: 'silent' });

export type Person = { usrId: number; usrRef: string; nm: string; rol: UsrRol };

export type Base = {
  pool: Pool;
  art: ArtInt;
  /** The clock of the modules under test; tests set it. */
  clock: { now: Date };
  people: Record<'reader' | 'other' | 'writer' | 'editor' | 'operator', Person>;
  close: () => Promise<void>;
};

const roles = { reader: 'R', other: 'R', writer: 'C', editor: 'E', operator: 'O' } as const;

/** An empty database with five users and two sections, and the articles module on it. */
export async function startBase(): Promise<Base> {
  const template = await createTemplate({
    service: 'monolith',
    migrationsDir: join(import.meta.dirname, '../migrations'),
    migrate,
  });
  const db = await template.cloneDatabase();
  const pool = createPool({ url: db.url, applicationName: 'test', logger, max: 8 });
  const people = {
    reader: await addPerson(pool, 'Reader', roles.reader),
    other: await addPerson(pool, 'Other', roles.other),
    writer: await addPerson(pool, 'Writer', roles.writer),
    editor: await addPerson(pool, 'Editor', roles.editor),
    operator: await addPerson(pool, 'Operator', roles.operator),
  };
  const clock = { now: new Date('2026-03-01T12:00:00.000Z') };
  const art = createArt({ pool, now: () => clock.now });
  await art.ensSect('Space and physics');
  await art.ensSect('Neuroscience');
  return {
    pool,
    art,
    clock,
    people,
    close: async () => {
      await pool.end();
      await db.drop();
    },
  };
}

/** A new active user. */
export async function addPerson(pool: Pool, nm: string, rol: UsrRol): Promise<Person> {
  const eml = `${nm.toLowerCase().replace(/\W+/g, '.')}@example.org`;
  const { rows } = await pool.query<{ usr_id: number; usr_ref: string }>(
    'insert into usr (eml, eml_lc, nm, rol) values ($1, $1, $2, $3) returning usr_id, usr_ref',
    [eml, nm, rol],
  );
  const row = rows[0];
  if (!row) throw new Error('No user was made.');
  return { usrId: row.usr_id, usrRef: row.usr_ref, nm, rol };
}

/** Content that is complete, with changes. */
export function content(over: Partial<ArtPut> = {}): ArtPut {
  return {
    ttl: 'Why the sky is blue',
    bdy: 'Air scatters light.\n\nShort waves more than long ones.',
    sectCd: 'space-and-physics',
    auts: ['Ada Lovelace', 'Carl Sagan'],
    tops: ['Optics', 'Atmosphere'],
    ...over,
  };
}

/** A published article; `pubTs` defaults to the clock. */
export async function published(
  { art, clock }: Base,
  over: Partial<ArtPut> = {},
  pubTs?: Date,
): Promise<ArtRec> {
  const draft = await art.crtArt(content(over), null);
  if (!draft.ok) throw new Error(JSON.stringify(draft.error));
  const done = await art.pubArt(draft.value.artRef, draft.value.rev, pubTs ?? clock.now);
  if (!done.ok) throw new Error(JSON.stringify(done.error));
  return done.value;
}

const answer = z.record(z.string(), z.unknown());

export type Answer = {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
  text: string;
};

export type Site = {
  url: string;
  /** Asks as one of the base's people, or anonymously. */
  ask: (
    method: string,
    path: string,
    options?: { as?: Person; body?: unknown; headers?: Record<string, string> },
  ) => Promise<Answer>;
  close: () => Promise<void>;
};

const conformance = createConformance(
  buildOpenApi({
    title: 'test',
    version: '1',
    description: 'The operations of the modules under test.',
    operations: [
      ...artOperations,
      ...autOperations,
      ...cmtOperations,
      ...digestOperations,
      ...feedOperations,
      ...hitOperations,
      ...subOperations,
    ],
    securitySchemes: {
      bearer: { type: 'http', scheme: 'bearer' },
      session: { type: 'apiKey', in: 'cookie', name: 'ns_session' },
    },
  }),
);

/**
 * Routers behind the kit's application on a free port; the header `x-test-user` says who asks. Every answer
 * is compared with what the operations promise.
 */
export async function startSite(base: Base, routers: Router[]): Promise<Site> {
  const app = createHttpApp({
    name: 'test',
    logger,
    metrics: createMetrics('test'),
    health: createHealth(),
    problems: defineProblems({
      ...acctProblems,
      ...artProblems,
      ...cmtProblems,
      ...autProblems,
      ...feedProblems,
      ...subProblems,
    }),
    bodyLimit: '4mb',
    routes: (to) => {
      to.use((req, _res, next) => {
        const person = Object.values(base.people).find(
          ({ usrRef }) => usrRef === req.get('x-test-user'),
        );
        if (person) setViewer(req, { kind: 'user', via: 'bearer', ...person });
        next();
      });
      for (const router of routers) to.use(router);
    },
  });
  const listening = await listen({ app, host: '127.0.0.1', port: 0, logger });
  const url = `http://127.0.0.1:${listening.port}`;
  return {
    url,
    async ask(method, path, { as, body, headers = {} } = {}) {
      const response = await fetch(url + path, {
        method,
        redirect: 'manual',
        headers: {
          ...(as ? { 'x-test-user': as.usrRef } : {}),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined
          ? {}
          : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      const { status } = response;
      if (method !== 'HEAD') {
        const faults = conformance.check({
          method,
          path,
          status,
          headers: response.headers,
          body: text,
        });
        if (faults.length > 0) throw new Error(`Not as documented: ${JSON.stringify(faults)}`);
      }
      const isJson = (response.headers.get('content-type') ?? '').includes('json');
      return {
        status,
        headers: response.headers,
        body: isJson && text !== '' ? answer.parse(JSON.parse(text)) : {},
        text,
      };
    },
    close: async () => {
      await listening.close(1000);
    },
  };
}

/** Items of a page answer. */
export function itemsOf(body: Record<string, unknown>): Record<string, unknown>[] {
  return z.array(answer).parse(body['items']);
}

/** The value of a success; throws what was refused. */
export function must<T>(result: { ok: true; value: T } | { ok: false; error: unknown }): T {
  if (result.ok) return result.value;
  throw new Error(JSON.stringify(result.error));
}

/** The code of a refusal; throws when there was none. */
export function codeOf(result: { ok: true } | { ok: false; error: { code: string } }): string {
  if (!result.ok) return result.error.code;
  throw new Error('This was not refused.');
}
