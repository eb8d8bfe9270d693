import { z } from 'zod';
import { problemSchema } from '@newscience/service-kit/openapi';
import { STAGE_NAMES } from '../domain/stage.ts';

const stageName = z.enum(STAGE_NAMES);
const who = z.object({ id: z.string(), name: z.string() });

/** PostgreSQL takes no U+0000 in a text. */
const kept = [/^[^\0]*$/, 'has a character that cannot be kept'] as const;

export const whySchema = z
  .string()
  .trim()
  .min(3)
  .max(500)
  .regex(...kept)
  .meta({
    description: 'Why this is done; kept in the audit log.',
    examples: ['the search service has caught up'],
  });

export const routeSchema = z
  .object({
    id: z.string(),
    path: z.string().meta({ description: 'The path pattern; "*" alone for the default route.' }),
    methods: z.array(z.string()).meta({ description: 'Empty: any method.' }),
    target: z.string().meta({ description: 'The name of an upstream, or an origin.' }),
    stage: stageName,
    revision: z
      .int()
      .nonnegative()
      .meta({ description: 'Of the table, at the last change of this route.' }),
    lastChange: z.object({ at: z.iso.datetime(), by: who, why: z.string() }).nullable(),
    answeredBy: z
      .object({ name: z.string(), origin: z.string() })
      .meta({ description: 'Where this instance sends its requests now.' }),
    resolved: z.boolean().meta({
      description: 'False where this instance does not know the target: the monolith answers.',
    }),
  })
  .meta({ id: 'Route' });

export const routeListSchema = z
  .object({
    revision: z
      .int()
      .nonnegative()
      .meta({ description: 'Counts the changes ever made to the table.' }),
    source: z
      .enum(['database', 'snapshot', 'default'])
      .meta({ description: 'Where this instance has the table from.' }),
    confirmedSecondsAgo: z
      .number()
      .nullable()
      .meta({ description: 'Since the database confirmed it; null where it never did.' }),
    items: z.array(routeSchema).meta({ description: 'In the order of precedence.' }),
  })
  .meta({ id: 'RouteTable' });

export const definitionSchema = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .meta({ examples: ['/api/v1/search'] }),
    methods: z
      .array(z.string())
      .max(20)
      .default([])
      .meta({ description: 'Empty or absent: any method.', examples: [['GET', 'HEAD']] }),
    target: z
      .string()
      .min(1)
      .max(500)
      .meta({ examples: ['http://127.0.0.1:8083'] }),
    stage: z
      .string()
      .meta({ description: `One of: ${STAGE_NAMES.join(', ')}.`, examples: ['cutover'] }),
    why: whySchema,
  })
  .meta({ id: 'RouteDefinition' });

export const stageChangeSchema = z
  .strictObject({
    stage: z
      .string()
      .meta({ description: `One of: ${STAGE_NAMES.join(', ')}.`, examples: ['cutover'] }),
    why: whySchema,
  })
  .meta({ id: 'StageChange' });

export const removalSchema = z.strictObject({ why: whySchema }).meta({ id: 'RouteRemoval' });

export const idParams = z.object({ id: z.string().max(100) });

export const forceQuery = z.object({
  force: z
    .enum(['true', 'false'])
    .default('false')
    .meta({ description: 'Take a target that does not answer.' }),
});

export const ifMatchHeader = z.object({
  'if-match': z
    .string()
    .optional()
    .meta({ description: 'The revision that you looked at, as in `"7"`.' }),
});

export const definitionHeaders = ifMatchHeader.extend({
  'if-none-match': z.string().optional().meta({ description: '`*`: only if there is none yet.' }),
});

export const etagHeader = z.object({ etag: z.string().meta({ description: 'The revision.' }) });

export const conflictSchema = problemSchema
  .extend({ current: routeSchema.nullable() })
  .meta({ id: 'RevisionConflict', description: 'With the state as it is.' });

export const explainQuery = z.object({
  method: z
    .string()
    .min(1)
    .max(40)
    .meta({ examples: ['GET'] }),
  path: z
    .string()
    .min(1)
    .max(8192)
    .meta({ examples: ['/api/v1/search?q=moon'] }),
});

export const explanationSchema = z
  .object({
    method: z.string(),
    path: z.string(),
    decision: z.object({
      routeId: z.string(),
      stage: stageName,
      upstream: z.object({ name: z.string(), origin: z.string() }),
    }),
    because: z.string(),
    readAs: z.array(z.string()).nullable().meta({
      description: 'The decoded segments that were compared; null where the path is ambiguous.',
    }),
    candidates: z.array(
      z.object({
        routeId: z.string(),
        path: z.string(),
        methods: z.array(z.string()),
        stage: stageName,
        outcome: z.enum([
          'chosen',
          'less_specific',
          'method_not_taken',
          'path_not_taken',
          'path_ambiguous',
        ]),
        because: z.string(),
      }),
    ),
  })
  .meta({ id: 'Explanation' });

export const auditQuery = z.object({
  cursor: z
    .string()
    .regex(/^\d{1,15}$/)
    .optional()
    .meta({ description: '`nextCursor` of the page before.' }),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  route: z
    .string()
    .max(100)
    .regex(...kept)
    .optional()
    .meta({ description: 'Changes of this route only.' }),
});

const recordedState = z.object({
  path: z.string().optional(),
  methods: z.array(z.string()).optional(),
  target: z.string().optional(),
  stage: z.string(),
});

export const auditPageSchema = z
  .object({
    items: z.array(
      z.object({
        revision: z.int().nonnegative(),
        at: z.iso.datetime(),
        by: who,
        why: z.string(),
        event: z.string(),
        routeId: z.string(),
        from: recordedState.nullable(),
        to: recordedState.nullable(),
      }),
    ),
    nextCursor: z.string().nullable(),
  })
  .meta({ id: 'AuditPage', description: 'Newest first.' });
