import { defineOperation } from '@newscience/service-kit/openapi';

import {
  auditQuery,
  deadLetterPageSchema,
  deadLetterQuery,
  deedPageSchema,
  discardBody,
  idParams,
  lagSchema,
  replayBody,
  wholeDeadLetterSchema,
  wholeDeedSchema,
} from './schemas.ts';

const common = { tags: ['events'], security: ['bearer'] } as const;
const missing = 'dead_letter_not_found';

export const readLag = defineOperation({
  ...common,
  method: 'get',
  path: '/admin/events/lag',
  operationId: 'readEventLag',
  summary: 'How far the consumers of this service are behind the event bus',
  responses: { 200: { description: 'Each partition of each group', schema: lagSchema } },
});

export const listDead = defineOperation({
  ...common,
  method: 'get',
  path: '/admin/events/dead-letters',
  operationId: 'listDeadLetters',
  summary: 'Events that failed as often as they may',
  query: deadLetterQuery,
  responses: { 200: { description: 'A page, the latest first', schema: deadLetterPageSchema } },
});

export const showDead = defineOperation({
  ...common,
  method: 'get',
  path: '/admin/events/dead-letters/{id}',
  operationId: 'showDeadLetter',
  summary: 'One dead letter with its event',
  params: idParams,
  responses: { 200: { description: 'All of it', schema: wholeDeadLetterSchema }, 404: missing },
});

export const replayDead = defineOperation({
  ...common,
  method: 'post',
  path: '/admin/events/dead-letters/{id}/replay',
  operationId: 'replayDeadLetter',
  summary: 'Let an event be tried anew, behind what waits for its key',
  params: idParams,
  body: replayBody,
  responses: {
    200: { description: 'What is tried again', schema: wholeDeadLetterSchema },
    404: missing,
  },
});

export const discardDead = defineOperation({
  ...common,
  method: 'post',
  path: '/admin/events/dead-letters/{id}/discard',
  operationId: 'discardDeadLetter',
  summary: 'Give an event up: it counts as handled, and stays in the audit log',
  params: idParams,
  body: discardBody,
  responses: {
    200: { description: 'What was given up', schema: wholeDeadLetterSchema },
    404: missing,
  },
});

export const listDeeds = defineOperation({
  ...common,
  method: 'get',
  path: '/admin/events/audit',
  operationId: 'listDeadLetterActions',
  summary: 'Who did what about which dead letter, when and why',
  query: auditQuery,
  responses: { 200: { description: 'A page, the latest first', schema: deedPageSchema } },
});

export const showDeed = defineOperation({
  ...common,
  method: 'get',
  path: '/admin/events/audit/{id}',
  operationId: 'showDeadLetterAction',
  summary: 'One entry of the audit log with the event as it was',
  params: idParams,
  responses: {
    200: { description: 'All of it', schema: wholeDeedSchema },
    404: 'dead_letter_action_not_found',
  },
});
