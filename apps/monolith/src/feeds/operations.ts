import { defineOperation } from '@newscience/service-kit/openapi';
import { z } from 'zod';

export const feedPath = z.strictObject({ code: z.string().min(1).max(200) });

const rss = {
  description: 'RSS 2.0, the 30 newest articles',
  schema: z.string(),
  contentType: 'application/rss+xml',
  headers: z.object({ ETag: z.string(), 'Last-Modified': z.string().optional() }),
} as const;
const unchanged = { description: 'The client has it already' } as const;

export const getFeed = defineOperation({
  method: 'get',
  path: '/feed.xml',
  operationId: 'getFeed',
  summary: 'The newest articles of the site',
  tags: ['feeds'],
  responses: { 200: rss, 304: unchanged },
});

export const getSectionFeed = defineOperation({
  method: 'get',
  path: '/sections/{code}/feed.xml',
  operationId: 'getSectionFeed',
  summary: 'The newest articles of a section',
  tags: ['feeds'],
  params: feedPath,
  responses: { 200: rss, 304: unchanged, 404: 'section_not_found' },
});

export const feedOperations = [getFeed, getSectionFeed];
