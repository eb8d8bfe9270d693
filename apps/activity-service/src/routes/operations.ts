import { defineOperation } from '@newscience/service-kit/openapi';
import { z } from 'zod';

import {
  activityPageSchema,
  activityQuery,
  correlationQuery,
  correlationSchema,
  counterQuery,
  countersSchema,
  streamHeaders,
  streamQuery,
  subjectParams,
  traceParams,
} from './schemas.ts';

const common = { tags: ['activity'], security: ['bearer'], method: 'get' } as const;

export const listActivity = defineOperation({
  ...common,
  path: '/api/v1/activity',
  operationId: 'listActivity',
  summary: 'What happened, newest first',
  query: activityQuery,
  responses: { 200: { description: 'A page', schema: activityPageSchema } },
});

export const streamActivity = defineOperation({
  ...common,
  path: '/api/v1/activity/stream',
  operationId: 'streamActivity',
  summary: 'What happens, as server-sent events',
  description:
    'Events `activity` with an Activity as data, in the order of their ids, none left out and none twice. `reset`: the ' +
    'timeline was restored to an earlier state, and goes on from its `head`. A comment after 15 silent seconds. The stream ' +
    'ends with the token: connect again with another one and `Last-Event-ID`.',
  query: streamQuery,
  headers: streamHeaders,
  responses: {
    200: {
      description: 'From what was seen last, or from now on',
      contentType: 'text/event-stream',
      schema: z.string(),
    },
    503: ['too_many_streams', 'unavailable'],
  },
});

export const readCounters = defineOperation({
  ...common,
  path: '/api/v1/activity/counters',
  operationId: 'readActivityCounters',
  summary: 'How often each type of event has happened',
  query: counterQuery,
  responses: { 200: { description: 'By type', schema: countersSchema } },
});

export const readTrace = defineOperation({
  ...common,
  path: '/api/v1/activity/traces/{traceId}',
  operationId: 'readActivityTrace',
  summary: 'All that one request has caused',
  params: traceParams,
  query: correlationQuery,
  responses: {
    200: { description: 'Oldest first', schema: correlationSchema },
    404: 'trace_unknown',
  },
});

export const readSubject = defineOperation({
  ...common,
  path: '/api/v1/activity/subjects/{subject}',
  operationId: 'readActivitySubject',
  summary: 'All about one aggregate',
  description:
    'Its own events and those that name it: the comments on an article, what an account wrote and steered.',
  params: subjectParams,
  query: correlationQuery,
  responses: {
    200: { description: 'Oldest first', schema: correlationSchema },
    404: 'subject_unknown',
  },
});

export const operations = [listActivity, streamActivity, readCounters, readTrace, readSubject];
