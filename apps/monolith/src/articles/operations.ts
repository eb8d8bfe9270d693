import { defineOperation } from '@newscience/service-kit/openapi';
import { z } from 'zod';
import {
  articleInputSchema,
  articleListQuery,
  articlePageSchema,
  articlePath,
  articleSchema,
  scheduleSchema,
  topicListQuery,
} from './schemas.ts';

const tags = ['articles'];
const security = ['bearer', 'session'];
const missing = { 404: 'article_not_found', 410: 'article_withdrawn' } as const;
const etag = z.object({
  ETag: z.string().meta({ description: 'The revision in quotes', examples: ['"3"'] }),
});
const ifMatch = z.object({
  'If-Match': z
    .string()
    .meta({ description: 'The revision that the write is based on, in quotes', examples: ['"3"'] }),
});
const revisions = { 412: 'article_revision_conflict', 428: 'article_revision_required' } as const;

export const listArticles = defineOperation({
  method: 'get',
  path: '/api/v1/articles',
  operationId: 'listArticles',
  summary: 'Articles, newest first',
  tags,
  query: articleListQuery,
  responses: {
    200: { description: 'A page of articles', schema: articlePageSchema },
    400: ['validation_failed', 'cursor_invalid'],
    401: 'unauthorized',
    403: 'forbidden',
  },
});

export const getArticle = defineOperation({
  method: 'get',
  path: '/api/v1/articles/{id}',
  operationId: 'getArticle',
  summary: 'One article',
  description: 'Unpublished ones are shown to editors and to the contributor whose they are.',
  tags,
  params: articlePath,
  responses: {
    200: { description: 'The article', schema: articleSchema, headers: etag },
    ...missing,
  },
});

export const listRelated = defineOperation({
  method: 'get',
  path: '/api/v1/articles/{id}/related',
  operationId: 'listRelatedArticles',
  summary: 'Published articles that the article refers to',
  tags,
  params: articlePath,
  responses: {
    200: { description: 'The articles; nextCursor is always null', schema: articlePageSchema },
    ...missing,
  },
});

export const createArticle = defineOperation({
  method: 'post',
  path: '/api/v1/articles',
  operationId: 'createArticle',
  summary: 'Write a draft (contributor)',
  tags,
  security,
  body: articleInputSchema,
  responses: {
    201: {
      description: 'The draft',
      schema: articleSchema,
      headers: etag.extend({ Location: z.string() }),
    },
    400: ['validation_failed', 'malformed_json', 'article_section_unknown'],
  },
});

export const updateArticle = defineOperation({
  method: 'put',
  path: '/api/v1/articles/{id}',
  operationId: 'updateArticle',
  summary: 'Replace the content (contributor: own drafts; editor: all)',
  tags,
  security,
  params: articlePath,
  headers: ifMatch,
  body: articleInputSchema,
  responses: {
    200: { description: 'The article', schema: articleSchema, headers: etag },
    400: ['validation_failed', 'malformed_json', 'article_section_unknown'],
    ...missing,
    409: ['article_state_conflict', 'article_incomplete'],
    ...revisions,
  },
});

export const publishArticle = defineOperation({
  method: 'post',
  path: '/api/v1/articles/{id}/publish',
  operationId: 'publishArticle',
  summary: 'Publish now (editor)',
  tags,
  security,
  params: articlePath,
  headers: ifMatch,
  responses: {
    200: { description: 'The article', schema: articleSchema, headers: etag },
    404: 'article_not_found',
    409: ['article_state_conflict', 'article_incomplete'],
    ...revisions,
  },
});

export const scheduleArticle = defineOperation({
  method: 'post',
  path: '/api/v1/articles/{id}/schedule',
  operationId: 'scheduleArticle',
  summary: 'Put under an embargo, or move its end (editor)',
  tags,
  security,
  params: articlePath,
  headers: ifMatch,
  body: scheduleSchema,
  responses: {
    200: { description: 'The article', schema: articleSchema, headers: etag },
    400: ['validation_failed', 'malformed_json', 'article_embargo_past'],
    404: 'article_not_found',
    409: ['article_state_conflict', 'article_incomplete'],
    ...revisions,
  },
});

export const withdrawArticle = defineOperation({
  method: 'post',
  path: '/api/v1/articles/{id}/withdraw',
  operationId: 'withdrawArticle',
  summary: 'Withdraw (editor)',
  tags,
  security,
  params: articlePath,
  headers: ifMatch,
  responses: {
    200: { description: 'The article', schema: articleSchema, headers: etag },
    404: 'article_not_found',
    409: 'article_state_conflict',
    ...revisions,
  },
});

export const listSections = defineOperation({
  method: 'get',
  path: '/api/v1/sections',
  operationId: 'listSections',
  summary: 'All sections by name',
  tags,
  responses: {
    200: {
      description: 'The sections with their numbers of published articles',
      schema: z.strictObject({
        items: z.array(
          z.strictObject({ code: z.string(), name: z.string(), articleCount: z.int() }),
        ),
      }),
    },
  },
});

export const listTopics = defineOperation({
  method: 'get',
  path: '/api/v1/topics',
  operationId: 'listTopics',
  summary: 'Topics of published articles, most frequent first',
  tags,
  query: topicListQuery,
  responses: {
    200: {
      description: 'The topics with their numbers of published articles',
      schema: z.strictObject({
        items: z.array(z.strictObject({ name: z.string(), articleCount: z.int() })),
      }),
    },
  },
});

export const artOperations = [
  listArticles,
  getArticle,
  listRelated,
  createArticle,
  updateArticle,
  publishArticle,
  scheduleArticle,
  withdrawArticle,
  listSections,
  listTopics,
];
