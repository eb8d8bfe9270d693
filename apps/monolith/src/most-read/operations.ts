import { defineOperation } from '@newscience/service-kit/openapi';
import { z } from 'zod';
import { articleItemSchema } from '../articles/schemas.ts';

export const mostReadQuery = z.strictObject({
  window: z
    .enum(['24h', 'all'])
    .default('24h')
    .meta({ description: '24h: the current hour and the 23 before it' }),
  limit: z.coerce.number().int().min(1).max(100).default(10),
});

const mostRead = z
  .strictObject({
    window: z.enum(['24h', 'all']),
    items: z.array(articleItemSchema.extend({ views: z.int() })),
    nextCursor: z.null(),
  })
  .meta({ id: 'MostRead' });

export const listMostRead = defineOperation({
  method: 'get',
  path: '/api/v1/most-read',
  operationId: 'listMostRead',
  summary: 'Published articles with the most views',
  tags: ['most-read'],
  query: mostReadQuery,
  responses: {
    200: { description: 'Most views first; nextCursor is always null', schema: mostRead },
  },
});

export const hitOperations = [listMostRead];
