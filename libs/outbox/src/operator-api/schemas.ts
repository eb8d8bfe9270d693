import { z } from 'zod';

const id = z.string().regex(/^[1-9]\d{0,17}$/);
const when = z.iso.datetime();

/** PostgreSQL takes no U+0000 in a text. */
const kept = (text: z.ZodString): z.ZodString =>
  text.regex(/^[^\0]*$/, 'has a character that cannot be kept');

const page = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: id
    .optional()
    .meta({ description: '`next` of the page before: only what is older than this id.' }),
});

export const idParams = z.object({ id });
export const auditQuery = page;
export const deadLetterQuery = page.extend({
  consumer: kept(z.string().min(1).max(200))
    .optional()
    .meta({ description: 'Of this group only.' }),
});

const why = kept(z.string().trim().min(3).max(500)).meta({
  description: 'Why this is done; kept in the audit log.',
  examples: ['a sample of 2019'],
});

export const replayBody = z
  .strictObject({ why: why.optional() })
  .meta({ id: 'DeadLetterReplay', description: 'May be empty.' });
export const discardBody = z.strictObject({ why }).meta({ id: 'DeadLetterDiscard' });

export const lagSchema = z
  .object({
    items: z.array(
      z.object({
        group: z.string(),
        topic: z.string(),
        partition: z.int().nonnegative(),
        behind: z.int().nonnegative().meta({
          description: 'Positions between the group and the end of the partition.',
        }),
      }),
    ),
  })
  .meta({ id: 'EventLag' });

export const deadLetterSchema = z
  .object({
    id,
    consumer: z.string(),
    topic: z.string(),
    partition: z.int().nonnegative(),
    position: z.string().meta({ description: 'In the partition.' }),
    key: z.string().meta({ description: 'Subject of the event: the id of its aggregate.' }),
    eventId: z.string(),
    source: z.string(),
    type: z.string(),
    attempts: z.int().min(1),
    cause: z.string().meta({ description: 'The error of the last attempt.' }),
    firstFailedAt: when,
    lastFailedAt: when,
  })
  .meta({ id: 'DeadLetter', description: 'An event that failed as often as it may.' });

export const wholeDeadLetterSchema = deadLetterSchema
  .extend({
    event: z
      .record(z.string(), z.unknown())
      .meta({ description: 'The CloudEvent with its data, as it was delivered.' }),
  })
  .meta({ id: 'WholeDeadLetter' });

export const deadLetterPageSchema = z
  .object({ items: z.array(deadLetterSchema), next: id.nullable() })
  .meta({ id: 'DeadLetterPage', description: 'The latest first.' });

const deed = z.object({
  id,
  at: when,
  action: z.enum(['replayed', 'discarded']),
  by: z.object({ id: z.string(), name: z.string() }),
  why: z.string().nullable(),
});

export const deedPageSchema = z
  .object({
    items: z.array(
      deed.extend({ deadLetter: deadLetterSchema.meta({ description: 'As it was.' }) }),
    ),
    next: id.nullable(),
  })
  .meta({ id: 'DeadLetterAuditPage', description: 'The latest first.' });

export const wholeDeedSchema = deed
  .extend({ deadLetter: wholeDeadLetterSchema.meta({ description: 'As it was.' }) })
  .meta({ id: 'DeadLetterAction' });
