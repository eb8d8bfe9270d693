import { defineOperation } from '@newscience/service-kit/openapi';
import { z } from 'zod';
import { limits } from '../articles/domain/text.ts';
import { articleItemSchema, paging } from '../articles/schemas.ts';

export const authorPath = z.strictObject({ name: z.string().min(1).max(limits.name) });
export const authorQuery = z.strictObject(paging);

const author = z
  .strictObject({
    name: z.string(),
    articleCount: z.int(),
    firstPublishedAt: z.iso.datetime(),
    lastPublishedAt: z.iso.datetime(),
    topics: z
      .array(z.strictObject({ name: z.string(), articleCount: z.int() }))
      .meta({ description: 'The 10 most frequent' }),
    url: z.string().meta({ description: 'Path of the page' }),
    items: z.array(articleItemSchema),
    nextCursor: z.string().nullable(),
  })
  .meta({ id: 'Author' });

export const getAuthor = defineOperation({
  method: 'get',
  path: '/api/v1/authors/{name}',
  operationId: 'getAuthor',
  summary: 'An author and what was published under the name, newest first',
  tags: ['authors'],
  params: authorPath,
  query: authorQuery,
  responses: {
    200: { description: 'The author with a page of articles', schema: author },
    400: ['validation_failed', 'cursor_invalid'],
    404: 'author_not_found',
  },
});

export const autOperations = [getAuthor];
