import type { CloudEvent } from '@newscience/event-contracts/envelope';
import type { TopicPolicy } from '@newscience/event-contracts/topics';
import type { Result } from '@newscience/service-kit/result';

/** A place within a group's work. */
export type TopicPartition = { readonly topic: string; readonly partition: number };

export type Delivery = TopicPartition & {
  readonly event: CloudEvent;
  /** Grows within a partition; retention leaves holes. */
  readonly position: bigint;
  /** 1 for the first time; counts while this member holds the partition. */
  readonly attempt: number;
};

/** The partition went to another member: what was tried has changed nothing. */
export type Fenced = { readonly code: 'fenced'; readonly detail: string };

/** A member's hold on a partition. */
export interface Claim extends TopicPartition {
  /** Grows each time the partition gets another owner: a fence for effects outside of the bus. */
  readonly generation: number;
  /** Aborted as soon as this member knows that the partition is no longer its own. */
  readonly signal: AbortSignal;
  /**
   * Everything up to and including this position is done and will not be delivered to this group again.
   * Needed only to commit part of a batch: when `handle` resolves, the whole batch is committed.
   */
  commit(position: bigint): Promise<Result<void, Fenced>>;
  /** Says that a long handler is still at work: its time limit starts anew. */
  heartbeat(): Promise<void>;
}

export type SubscribeOptions = {
  /** Its members share the partitions of the topics. */
  readonly group: string;
  /** Declared ones. Members of one group may name different ones. */
  readonly topics: readonly string[];
  /** Where a group starts that has never been here. */
  readonly from: 'earliest' | 'latest';
  /**
   * Gets events of one partition in order; one batch of a partition at a time, partitions side by side.
   * When it rejects, the events after the last commit are delivered again, after a pause that grows from
   * 100 ms to 5 s, and the other partitions flow on.
   */
  readonly handle: (batch: readonly Delivery[], claim: Claim) => Promise<void>;
  /** Events in one batch, at most. Default 100. A batch is cut off earlier where it passes 4 MiB. */
  readonly maxBatch?: number;
  /**
   * How long a handler may work on a batch, or between two heartbeats, before the member gives up its
   * partitions until the handler is back. Milliseconds, default 30000.
   */
  readonly handlerLimitMs?: number;
};

export interface Subscription {
  /** The partitions that this member holds now. */
  assigned(): readonly TopicPartition[];
  /** Takes no new batch, waits for the handlers, hands the partitions over. */
  stop(): Promise<void>;
}

export type Lag = TopicPartition & {
  /** Positions between the group's and the end. */
  readonly behind: bigint;
};

export type GroupActive = { readonly code: 'group_active'; readonly detail: string };

/**
 * The event bus: events of one key (`subject`) stay in order, each is delivered at least once to each
 * group, and a partition is handled by one member of a group at a time. A member that dies is replaced
 * within 10 s; one that was away too long is fenced.
 *
 * Methods reject with a `BusError`.
 */
export interface EventBus {
  /**
   * Makes topics that are missing and brings retention up to date. Safe to call by many at once.
   * @throws BusError `partitions_fixed` where a topic has another number of partitions
   */
  declareTopics(topics: readonly TopicPolicy[]): Promise<void>;
  /**
   * Publishes to the topics that the types name (`newscience.<context>`). When it resolves, all events are
   * stored safely. When it rejects, none or some may be: publish the same events again.
   * Batches published one after the other keep their order; those that overlap in time have none.
   */
  publish(batch: readonly CloudEvent[]): Promise<void>;
  /** Joins a group. Several subscriptions of one bus are several members. */
  subscribe(options: SubscribeOptions): Promise<Subscription>;
  /** Of a group that is known, each partition; else nothing. */
  lag(group: string): Promise<readonly Lag[]>;
  /**
   * Stops a group, or one partition of it, wherever its members run, until it is resumed; restarts do not
   * end it. A batch that is being handled is finished.
   */
  pause(group: string, partition?: TopicPartition): Promise<void>;
  resume(group: string, partition?: TopicPartition): Promise<void>;
  /** Lets a group without live members go on from another place: of `position`, or the next one there is. */
  seek(
    group: string,
    partition: TopicPartition,
    to: bigint | 'earliest' | 'latest',
  ): Promise<Result<void, GroupActive>>;
  /** Stops all subscriptions and frees everything. */
  close(): Promise<void>;
}

export type BusErrorCode =
  | 'topic_unknown'
  | 'partitions_fixed'
  | 'event_invalid'
  | 'event_too_large'
  | 'unavailable'
  | 'closed';

/** What a bus rejects with. Only `unavailable` is worth another try. */
export class BusError extends Error {
  readonly code: BusErrorCode;
  readonly retryable: boolean;

  constructor(code: BusErrorCode, detail: string, cause?: unknown) {
    super(detail, { cause });
    this.name = 'BusError';
    this.code = code;
    this.retryable = code === 'unavailable';
  }
}

/** The JSON of an event may have this many bytes. */
export const MAX_EVENT_BYTES = 4 * 1024 * 1024;
/** A batch is cut off where it passes this many bytes; an event alone may be larger. */
export const MAX_BATCH_BYTES = 4 * 1024 * 1024;
export const DEFAULT_MAX_BATCH = 100;
export const DEFAULT_HANDLER_LIMIT_MS = 30_000;
