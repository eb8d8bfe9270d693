import { z } from 'zod';

const time = z.iso.datetime();
const bytes = z.number().int().nullable();

const starting = z.object({ status: z.literal('starting'), detail: z.string() });
const standby = z.object({
  status: z.literal('standby'),
  owner: z.object({
    name: z.string().nullable(),
    doing: z.string().nullable(),
    seenAt: time.nullable(),
  }),
});
const snapshot = z.object({
  status: z.literal('snapshot'),
  why: z.string(),
  since: time,
  step: z.enum(['waiting_for_slot', 'reading', 'comparing']),
  tables: z.array(
    z.object({
      table: z.string(),
      status: z.enum(['waiting', 'reading', 'read']),
      rows: z.number().int(),
    }),
  ),
  compared: z
    .number()
    .int()
    .meta({ description: 'Aggregates compared with what was told before.' }),
});
const streaming = z.object({
  status: z.literal('streaming'),
  since: time,
  position: z.string().meta({ description: 'Captured: in the outbox, or published.' }),
  confirmed: z
    .string()
    .meta({ description: 'Published, and no longer needed from the legacy database.' }),
  lagBytes: z.number().int(),
  lagSeconds: z.number(),
  heldBackBytes: bytes.meta({ description: 'Log that the legacy database keeps for the capture.' }),
  safeBytes: bytes.meta({
    description: 'How much more it keeps before the slot is lost; null: no limit.',
  }),
  transactions: z.number().int(),
  lastCommitAt: time.nullable(),
  notices: z.array(z.string()),
});
const stopped = z.object({
  status: z.literal('stopped'),
  code: z.string(),
  detail: z.string(),
  remedy: z.string(),
  since: time,
});

export const captureStateSchema = z
  .discriminatedUnion('status', [starting, standby, snapshot, streaming, stopped])
  .meta({ id: 'CaptureState', description: 'What this instance is doing.' });

export const rejectedSchema = z
  .object({
    kind: z.enum(['article', 'comment', 'user']),
    legacyKey: z.string(),
    subject: z.string().nullable(),
    code: z.enum(['row_unreadable', 'reference_missing', 'event_refused']),
    detail: z.string(),
    faults: z.array(z.object({ column: z.string(), problem: z.string() })),
    firstAt: time,
    lastAt: time,
  })
  .meta({ id: 'RejectedRow', description: 'A legacy row that cannot be told, and why.' });

export const rejectedPageSchema = z.object({
  items: z.array(rejectedSchema),
  nextCursor: z.string().nullable(),
});

const limit = z.coerce.number().int().min(1).max(200).default(50);
const cursorOf = (form: RegExp) =>
  z.string().regex(form, 'is not a cursor: take nextCursor of the page before').optional();

export const rejectedQuery = z.object({
  limit,
  cursor: cursorOf(/^(article|comment|user)\/[0-9]{1,10}$/),
});
export const actionQuery = z.object({ limit, cursor: cursorOf(/^[0-9]{1,18}$/) });

export const whyBody = z.object({
  why: z
    .string()
    .trim()
    .min(3)
    .max(500)
    .regex(/^\P{Cc}*$/u, 'has a control character'),
});

export const actionSchema = z
  .object({
    id: z.string(),
    at: time,
    action: z.enum(['resnapshot_requested', 'snapshot_begun', 'snapshot_completed', 'stopped']),
    actor: z.object({ id: z.string(), name: z.string() }),
    why: z.string(),
  })
  .meta({ id: 'CaptureAction' });

export const actionPageSchema = z.object({
  items: z.array(actionSchema),
  nextCursor: z.string().nullable(),
});
