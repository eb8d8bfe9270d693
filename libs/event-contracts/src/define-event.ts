import { z } from 'zod';

import { attributesSchema, readEventType, type CloudEvent } from './envelope.ts';

/** What two services agree on about one event. */
export type EventContract<T extends string = string, D = unknown> = {
  readonly type: T;
  /** One sentence: when it happens. */
  readonly when: string;
  /** The whole envelope with its data. */
  readonly schema: z.ZodType<CloudEvent<D> & { type: T }>;
  /** A valid event. */
  readonly example: CloudEvent<D> & { type: T };
};

type Definition<T extends string, S extends z.ZodType> = {
  readonly type: T;
  readonly when: string;
  readonly data: S;
  /** Where the aggregate's id stands in the data: it is the event's subject. */
  readonly subject: (data: z.output<S>) => string;
  readonly example: {
    readonly id: string;
    readonly source: string;
    readonly time: string;
    readonly data: z.output<S>;
  };
};

/**
 * Declares an event.
 *
 * @throws TypeError for a type that is not `newscience.<context>.<PastTense>.v<n>`
 */
export function defineEvent<const T extends string, S extends z.ZodType>({
  type,
  when,
  data,
  subject,
  example,
}: Definition<T, S>): EventContract<T, z.output<S>> {
  if (readEventType(type) === undefined)
    throw new TypeError(`${type} is no event type: write newscience.<context>.<PastTense>.v<n>`);
  const whole = attributesSchema.extend({ type: z.literal(type), data }) as unknown as z.ZodType<
    CloudEvent<z.output<S>> & { type: T }
  >;
  const schema = whole.refine((event) => event.subject === subject(event.data), {
    path: ['subject'],
    error: 'is not the id of the aggregate in the data',
  });
  return {
    type,
    when,
    schema,
    example: {
      specversion: '1.0',
      id: example.id,
      source: example.source,
      type,
      subject: subject(example.data),
      time: example.time,
      datacontenttype: 'application/json',
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      data: example.data,
    },
  };
}

/** The type of a contract's events. */
export type EventOf<C extends { readonly example: unknown }> = C['example'];
