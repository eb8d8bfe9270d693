import { envelopeSchema, type CloudEvent } from './envelope.ts';
import { err, ok, type Result } from './result.ts';

/** A record in Kafka's binary content mode: attributes are headers, the value is the data alone. */
export type KafkaMessage = {
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
};

type Bytes = string | Uint8Array;

/** As clients hand it out. A header that comes several times counts with its last value. */
export type ReceivedMessage = {
  readonly value: Bytes | null;
  readonly headers?: Readonly<Record<string, Bytes | readonly Bytes[] | undefined>>;
};

const PREFIX = 'ce_';
const optional = ['dataschema', 'traceparent'] as const;

/** An event as a Kafka record (CloudEvents 1.0, Kafka protocol binding 1.0.2, binary content mode). */
export function toKafkaMessage(event: CloudEvent): KafkaMessage {
  const headers: Record<string, string> = {
    'content-type': event.datacontenttype,
    ce_specversion: event.specversion,
    ce_id: event.id,
    ce_source: event.source,
    ce_type: event.type,
    ce_subject: event.subject,
    ce_time: event.time,
  };
  for (const name of optional) {
    const value = event[name];
    if (value !== undefined) headers[`${PREFIX}${name}`] = value;
  }
  return { key: event.subject, value: JSON.stringify(event.data), headers };
}

/** The event in a Kafka record, or why there is none. Its data are not checked: `parseEvent` does that. */
export function fromKafkaMessage(
  message: ReceivedMessage,
): Result<CloudEvent, { readonly code: 'not_an_event'; readonly detail: string }> {
  const attributes: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(message.headers ?? {})) {
    const known = name.toLowerCase();
    if (known === 'content-type') attributes['datacontenttype'] = text(value);
    else if (known.startsWith(PREFIX)) attributes[known.slice(PREFIX.length)] = text(value);
  }
  const data = json(message.value);
  if (!data.ok) return data;
  const event = envelopeSchema.safeParse({ ...attributes, data: data.value });
  if (event.success) return ok(event.data);
  const faults = event.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  return err({ code: 'not_an_event', detail: `The record's headers: ${faults.join('; ')}` });
}

function json(
  value: Bytes | null,
): Result<unknown, { readonly code: 'not_an_event'; readonly detail: string }> {
  if (value === null) return err({ code: 'not_an_event', detail: 'The record has no value.' });
  try {
    const data: unknown = JSON.parse(text(value) ?? '');
    return ok(data);
  } catch {
    return err({ code: 'not_an_event', detail: "The record's value is not JSON." });
  }
}

function text(value: Bytes | readonly Bytes[] | undefined): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  return text(value.at(-1));
}
