import { z } from 'zod';

const time = z.iso.datetime();
const id = z.int().nonnegative();

export const activitySchema = z
  .object({
    id: id.meta({
      description:
        'Grows without gaps. Whoever has seen an id has seen everything below it: nothing is put in before it later.',
    }),
    eventId: z.string().meta({ description: 'Unique within the source.' }),
    type: z.string(),
    source: z.string(),
    subject: z.string().meta({ description: 'Id of the aggregate.' }),
    time: time.meta({ description: 'When it happened.' }),
    receivedAt: time.meta({ description: 'When it came in here.' }),
    traceId: z.string().nullable(),
    summary: z.string().meta({ description: 'One English sentence.' }),
    data: z.record(z.string(), z.unknown()).meta({
      description: 'Of the event. An article has `bodyBytes` in place of its `body`.',
    }),
    erasedAt: time.nullable().meta({
      description:
        'When its personal data was erased: those fields of `data` are missing. Null: there was nothing to erase, or nobody asked for it.',
    }),
  })
  .meta({ id: 'Activity' });

export const activityPageSchema = z
  .object({
    items: z.array(activitySchema),
    nextCursor: z.string().nullable().meta({ description: 'Null: there is no more.' }),
  })
  .meta({ id: 'ActivityPage' });

/** What PostgreSQL takes of it: it knows no year 0, and years beyond 9999 only in another spelling. */
const isWithinCalendar = (text: string): boolean => {
  const year = new Date(text).getUTCFullYear();
  return Number.isNaN(year) || (year >= 1 && year <= 9999);
};

const moment = z.iso
  .datetime({ offset: true })
  .refine(isWithinCalendar, 'is not between the years 1 and 9999')
  .meta({ examples: ['2026-03-02T06:00:00Z'] });

const aggregate = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\0]*$/, 'has a character that no id has');

/** Which activities are meant; all that is given has to fit. */
const filter = {
  type: z
    .string()
    .regex(/^[A-Za-z0-9.*-]{1,200}$/)
    .optional()
    .meta({
      description: 'An event type; `*` stands for any characters.',
      examples: ['newscience.article.*'],
    }),
  context: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,39}$/)
    .optional()
    .meta({ description: 'The second part of the type.', examples: ['article'] }),
  subject: aggregate.optional().meta({ description: 'Id of an aggregate.' }),
  trace: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional()
    .meta({ description: 'W3C trace id.' }),
  from: moment.optional().meta({ description: 'Happened then or later.' }),
  to: moment.optional().meta({ description: 'Happened before.' }),
};

const cursor = z
  .string()
  .regex(/^\d{1,15}$/)
  .optional()
  .meta({ description: '`nextCursor` of the page before.' });

const limit = z.coerce.number().int().min(1).max(200).default(50);

export const activityQuery = z.object({ ...filter, limit, cursor });

const lastSeen = z.string().regex(/^\d{1,15}$/);

export const streamQuery = z.object({
  ...filter,
  after: lastSeen.optional().meta({ description: 'Begin after this id. 0: from the start.' }),
});

export const streamHeaders = z.object({
  'last-event-id': lastSeen
    .optional()
    .meta({ description: 'What a client sends when it connects again; goes before `after`.' }),
});

export const counterQuery = z.object({
  check: z
    .enum(['true', 'false'])
    .default('false')
    .meta({ description: 'Count the rows of the timeline too, which takes longer.' }),
});

export const countersSchema = z
  .object({
    items: z.array(
      z.object({
        type: z.string(),
        count: z.int().positive().or(z.literal(0)),
        lastAt: time.meta({ description: 'The latest time of an event.' }),
        stored: id.optional().meta({ description: 'Rows of the timeline; only where asked for.' }),
      }),
    ),
    agrees: z
      .boolean()
      .optional()
      .meta({ description: 'Whether each counter is its rows; only where asked for.' }),
  })
  .meta({ id: 'Counters' });

export const correlationQuery = z.object({ limit, cursor });

export const traceParams = z.object({ traceId: z.string().regex(/^[0-9a-f]{32}$/) });
export const subjectParams = z.object({ subject: aggregate });

export const correlationSchema = z
  .object({
    count: z.int().positive(),
    firstAt: time,
    lastAt: time,
    types: z.array(z.object({ type: z.string(), count: z.int().positive() })),
    items: z.array(activitySchema).meta({ description: 'Oldest first.' }),
    nextCursor: z.string().nullable(),
  })
  .meta({ id: 'Correlation', description: 'Everything that belongs together.' });
