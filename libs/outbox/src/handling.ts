import type { Delivery } from '@newscience/event-bus/bus';
import type { CloudEvent } from '@newscience/event-contracts/envelope';
import { messageOf } from '@newscience/service-kit/error-text';
import type { Logger } from '@newscience/service-kit/logging';
import type pg from 'pg';

import type { RetryPolicy } from './domain/failure.ts';

/** What has become of a delivered event; the values of the metric's label. */
export type Outcome =
  /** Its effect is there. */
  | 'handled'
  /** It had its effect before, or is held already. */
  | 'repeated'
  /** Its type is not one that this consumer handles. */
  | 'ignored'
  /** Its type or version is not known to this release. */
  | 'unknown'
  /** An earlier event of its key is being retried. */
  | 'waiting'
  /** It will be tried again. */
  | 'failed'
  /** It was tried often enough and is a dead letter now. */
  | 'dead';

export type Occasion = Pick<Delivery, 'topic' | 'partition' | 'position'> & {
  /** 1 for the first time. */
  readonly attempt: number;
};

/** What a consumer does with an event. An event that breaks its contract has an effect that throws. */
export type Handling =
  | { readonly kind: 'skip'; readonly reason: 'ignored' | 'unknown' }
  | {
      readonly kind: 'handle';
      readonly effect: (client: pg.PoolClient, occasion: Occasion) => Promise<void>;
    };

/** What the parts of a consumer share. */
export type Work = {
  readonly pool: pg.Pool;
  readonly consumer: string;
  readonly policy: RetryPolicy;
  readonly logger: Logger;
  readonly prepare: (event: CloudEvent) => Handling;
  readonly observe: (outcome: Outcome) => void;
};

const LONGEST_CAUSE = 2000;

/** What went wrong, as it is kept with an event. PostgreSQL takes no NUL in a text. */
export const causeOf = (error: unknown): string =>
  (messageOf(error) || 'an error without a message').replaceAll('\0', '').slice(0, LONGEST_CAUSE);
