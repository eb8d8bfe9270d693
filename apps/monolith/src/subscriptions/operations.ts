import { defineOperation } from '@newscience/service-kit/openapi';
import { z } from 'zod';
import { limits } from '../articles/domain/text.ts';

const tags = ['subscriptions'];
const security = ['bearer', 'session'];

export const topicPath = z.strictObject({ name: z.string().min(1).max(limits.name) });
export const sectionPath = z.strictObject({ code: z.string().min(1).max(limits.name) });
export const tokenPath = z.strictObject({ token: z.string().max(100) });
export const digestSchema = z.strictObject({ active: z.boolean() }).meta({ id: 'DigestSetting' });

const subscriptions = z
  .strictObject({
    items: z.array(
      z.strictObject({
        kind: z.enum(['topic', 'section']),
        value: z.string().meta({ description: 'Name of the topic or code of the section' }),
        name: z.string(),
        since: z.iso.datetime(),
      }),
    ),
    digest: digestSchema,
    nextCursor: z.null(),
  })
  .meta({ id: 'Subscriptions' });

const followed = { description: 'Followed' } as const;
const unfollowed = { description: 'No longer followed' } as const;

export const listSubscriptions = defineOperation({
  method: 'get',
  path: '/api/v1/me/subscriptions',
  operationId: 'listSubscriptions',
  summary: 'What the user follows',
  tags,
  security,
  responses: { 200: { description: 'Sections, then topics', schema: subscriptions } },
});

export const followTopic = defineOperation({
  method: 'put',
  path: '/api/v1/me/subscriptions/topics/{name}',
  operationId: 'followTopic',
  summary: 'Follow a topic; switches the daily mail on',
  tags,
  security,
  params: topicPath,
  responses: {
    204: followed,
    404: 'subscription_unknown_topic',
    409: 'subscription_limit_reached',
  },
});

export const unfollowTopic = defineOperation({
  method: 'delete',
  path: '/api/v1/me/subscriptions/topics/{name}',
  operationId: 'unfollowTopic',
  summary: 'Stop following a topic',
  tags,
  security,
  params: topicPath,
  responses: { 204: unfollowed, 404: 'subscription_not_found' },
});

export const followSection = defineOperation({
  method: 'put',
  path: '/api/v1/me/subscriptions/sections/{code}',
  operationId: 'followSection',
  summary: 'Follow a section; switches the daily mail on',
  tags,
  security,
  params: sectionPath,
  responses: {
    204: followed,
    404: 'subscription_unknown_section',
    409: 'subscription_limit_reached',
  },
});

export const unfollowSection = defineOperation({
  method: 'delete',
  path: '/api/v1/me/subscriptions/sections/{code}',
  operationId: 'unfollowSection',
  summary: 'Stop following a section',
  tags,
  security,
  params: sectionPath,
  responses: { 204: unfollowed, 404: 'subscription_not_found' },
});

export const setDigest = defineOperation({
  method: 'put',
  path: '/api/v1/me/digest',
  operationId: 'setDigest',
  summary: 'Switch the daily mail on or off',
  tags,
  security,
  body: digestSchema,
  responses: { 200: { description: 'As it is now', schema: digestSchema } },
});

export const unsubscribe = defineOperation({
  method: 'post',
  path: '/unsubscribe/{token}',
  operationId: 'unsubscribe',
  summary: 'End the daily mail by the link in it, without logging in (RFC 8058)',
  description:
    'A form is sent back to the page of the link, and with Accept text/html problems are pages.',
  tags,
  params: tokenPath,
  body: z.object({ 'List-Unsubscribe': z.string().optional() }),
  bodyContentType: 'application/x-www-form-urlencoded',
  responses: {
    200: {
      description: 'Ended; the answer to a mail client',
      schema: z.string(),
      contentType: 'text/plain',
    },
    303: {
      description: 'Ended; the answer to a form',
      headers: z.object({ Location: z.string() }),
    },
    404: 'unsubscribe_link_unknown',
  },
});

export const subOperations = [
  listSubscriptions,
  followTopic,
  unfollowTopic,
  followSection,
  unfollowSection,
  setDigest,
  unsubscribe,
];
