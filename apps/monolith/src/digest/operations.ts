import { defineOperation } from '@newscience/service-kit/openapi';
import { z } from 'zod';

const tags = ['digest'];
const security = ['bearer', 'session'];

export const digestQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20),
});

export const digestDaySchema = z
  .strictObject({
    day: z.iso.date(),
    open: z.int().meta({ description: 'Waiting or being sent' }),
    sent: z.int(),
    nothingNew: z.int(),
    failed: z.int().meta({ description: 'Given up' }),
    unconfirmed: z.int().meta({ description: 'Handed to the mail server, which never confirmed' }),
  })
  .meta({ id: 'DigestDay' });

export const digestRunsSchema = z
  .strictObject({
    items: z.array(digestDaySchema),
    faults: z.array(
      z.strictObject({
        day: z.iso.date(),
        userId: z.uuid(),
        address: z.string().meta({ description: 'Masked' }),
        state: z.enum(['retrying', 'failed', 'unconfirmed']),
        attempts: z.int(),
        nextAttemptAt: z.iso.datetime().nullable(),
        problem: z.string(),
      }),
    ),
    nextCursor: z.null(),
  })
  .meta({ id: 'DigestRuns' });

export const runDigest = defineOperation({
  method: 'post',
  path: '/api/v1/digest/runs',
  operationId: 'runDigest',
  summary: "Send today's digest now to those who have not got it (operator)",
  tags,
  security,
  responses: { 200: { description: 'The day after it', schema: digestDaySchema } },
});

export const listDigestRuns = defineOperation({
  method: 'get',
  path: '/api/v1/digest/runs',
  operationId: 'listDigestRuns',
  summary: 'The latest days, and mails that need attention (operator)',
  tags,
  security,
  query: digestQuery,
  responses: {
    200: { description: 'Newest first; nextCursor is always null', schema: digestRunsSchema },
  },
});

export const digestOperations = [runDigest, listDigestRuns];
