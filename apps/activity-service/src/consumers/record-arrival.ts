import { readEventType } from '@newscience/event-contracts/envelope';
import type { KnownEvent } from '@newscience/event-contracts/registry';
import { parseTraceparent } from '@newscience/service-kit/tracing';
import type pg from 'pg';

import { portraitOf } from './portrait.ts';

/** The channel on which arrivals are announced, when their transaction commits. */
export const ARRIVAL_CHANNEL = 'activity_arrived';

const text = `
WITH arrived AS (
  INSERT INTO arrival (source, event_id, type, context, subject, "time", trace_id, about, person, erases, summary, data, personal)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
  ON CONFLICT DO NOTHING RETURNING n
)
SELECT pg_notify('${ARRIVAL_CHANNEL}', '') FROM arrived`;

/** The effect of an event: it waits for its place in the timeline. Once, also where the inbox has forgotten the event. */
export async function recordArrival(
  client: Pick<pg.ClientBase, 'query'>,
  event: KnownEvent,
): Promise<void> {
  const { source, id, type, subject, time, traceparent } = event;
  const { summary, data, about = [], personal, erases } = portraitOf(event);
  await client.query({
    name: 'record-arrival',
    text,
    values: [
      ...[source, id, type, readEventType(type)?.context ?? '', subject, time],
      ...[parseTraceparent(traceparent)?.traceId ?? null, [...new Set([subject, ...about])]],
      ...[personal?.person ?? null, erases ?? null, summary, JSON.stringify(data)],
      personal === undefined
        ? null
        : JSON.stringify({ summary: personal.summary, data: personal.data }),
    ],
  });
}
