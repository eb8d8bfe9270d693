import { z } from 'zod';

/**
 * A CloudEvent 1.0 as it crosses service borders.
 *
 * - `id` is unique within `source`: the two together tell a repeated delivery from a new event.
 * - `subject` is the aggregate's id. Events of one subject keep their order: it is the partition key.
 * - `time` is when it happened, not when it was sent (RFC 3339, UTC).
 * - `traceparent` (W3C) ties everything that one request caused together.
 */
export type CloudEvent<D = unknown> = {
  specversion: '1.0';
  id: string;
  source: string;
  type: string;
  subject: string;
  time: string;
  datacontenttype: 'application/json';
  dataschema?: string;
  traceparent?: string;
  data: D;
};

/** `newscience.<context>.<PastTense>.v<n>` */
const TYPE = /^newscience\.([a-z][a-z0-9-]{0,39})\.([A-Z][A-Za-z0-9]{0,59})\.v([1-9][0-9]{0,3})$/;
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

const attribute = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[^\p{Cc}\p{Cs}\p{Cn}]*$/u, 'has a character that CloudEvents do not allow');

/** The CloudEvents attributes that every event here has, without the data. */
export const attributesSchema = z.object({
  specversion: z.literal('1.0').meta({ description: 'Of CloudEvents.' }),
  id: attribute(200).meta({ description: 'Unique within the source.' }),
  source: attribute(200).meta({ description: 'Who says so, a URI reference.' }),
  type: z.string().regex(TYPE).meta({ description: 'newscience.<context>.<PastTense>.v<n>' }),
  subject: attribute(200).meta({
    description: 'Id of the aggregate; events of one subject keep their order.',
  }),
  time: z.iso
    .datetime()
    .meta({ description: 'When it happened, not when it was sent (RFC 3339, UTC).' }),
  datacontenttype: z.literal('application/json'),
  dataschema: attribute(500).exactOptional(),
  traceparent: z
    .string()
    .regex(TRACEPARENT)
    .exactOptional()
    .meta({ description: 'W3C trace context.' }),
});

/** Any event, whether or not its type is known here. Attributes that are not listed are dropped. */
export const envelopeSchema = attributesSchema.extend({ data: z.unknown() });

export type EventType = {
  /** The bounded context that owns the event; its topic is `newscience.<context>`. */
  readonly context: string;
  readonly name: string;
  readonly version: number;
};

/** The parts of an event type, or undefined for what is not one of ours. */
export function readEventType(type: string): EventType | undefined {
  const [, context, name, version] = TYPE.exec(type) ?? [];
  if (context === undefined || name === undefined || version === undefined) return undefined;
  return { context, name, version: Number(version) };
}

/** The topic that events of this type are published to; undefined for what is not a type of ours. */
export function topicOf(type: string): string | undefined {
  const read = readEventType(type);
  return read === undefined ? undefined : `newscience.${read.context}`;
}
