import { defineOperation } from '@newscience/service-kit/openapi';
import { articlePath } from '../articles/schemas.ts';
import {
  commentInputSchema,
  commentListQuery,
  commentPageSchema,
  commentPath,
  commentSchema,
  reportedQuery,
  reportedSchema,
  reportInputSchema,
} from './schemas.ts';

const tags = ['comments'];
const security = ['bearer', 'session'];
const noArticle = { 404: 'article_not_found', 410: 'article_withdrawn' } as const;

export const listComments = defineOperation({
  method: 'get',
  path: '/api/v1/articles/{id}/comments',
  operationId: 'listComments',
  summary: 'The discussion of an article: threads oldest first, each followed by its replies',
  tags,
  params: articlePath,
  query: commentListQuery,
  responses: {
    200: { description: 'A page of comments', schema: commentPageSchema },
    400: ['validation_failed', 'cursor_invalid'],
    ...noArticle,
  },
});

export const addComment = defineOperation({
  method: 'post',
  path: '/api/v1/articles/{id}/comments',
  operationId: 'addComment',
  summary: 'Write a comment, or answer one',
  tags,
  security,
  params: articlePath,
  body: commentInputSchema,
  responses: {
    201: { description: 'The comment', schema: commentSchema },
    404: ['article_not_found', 'comment_not_found'],
    409: 'comment_reply_too_deep',
    410: 'article_withdrawn',
    429: 'comment_rate_exceeded',
  },
});

export const deleteComment = defineOperation({
  method: 'delete',
  path: '/api/v1/comments/{id}',
  operationId: 'deleteComment',
  summary: 'Delete an own comment; one with replies leaves a placeholder',
  tags,
  security,
  params: commentPath,
  responses: {
    204: { description: 'Deleted' },
    403: ['forbidden', 'comment_not_own'],
    404: 'comment_not_found',
  },
});

export const reportComment = defineOperation({
  method: 'post',
  path: '/api/v1/comments/{id}/report',
  operationId: 'reportComment',
  summary: 'Report a comment to the editors, once per user',
  tags,
  security,
  params: commentPath,
  body: reportInputSchema,
  responses: {
    204: { description: 'Reported' },
    404: 'comment_not_found',
    409: ['comment_own_report', 'comment_already_reported'],
  },
});

export const hideComment = defineOperation({
  method: 'post',
  path: '/api/v1/comments/{id}/hide',
  operationId: 'hideComment',
  summary: 'Hide a comment and close its reports (editor)',
  tags,
  security,
  params: commentPath,
  responses: { 204: { description: 'Hidden' }, 404: 'comment_not_found' },
});

export const keepComment = defineOperation({
  method: 'post',
  path: '/api/v1/comments/{id}/keep',
  operationId: 'keepComment',
  summary:
    'Close the reports of a comment that may stay, and show it again if it was hidden (editor)',
  tags,
  security,
  params: commentPath,
  responses: { 204: { description: 'Kept' }, 404: 'comment_not_found' },
});

export const listReported = defineOperation({
  method: 'get',
  path: '/api/v1/comments/reported',
  operationId: 'listReportedComments',
  summary: 'Comments with open reports, most reported first (editor)',
  tags,
  security,
  query: reportedQuery,
  responses: {
    200: { description: 'The comments; nextCursor is always null', schema: reportedSchema },
  },
});

export const cmtOperations = [
  listComments,
  addComment,
  deleteComment,
  reportComment,
  hideComment,
  keepComment,
  listReported,
];
