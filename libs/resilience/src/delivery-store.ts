/** What is to be delivered. */
export type Delivery = {
  readonly id: string;
  readonly payload: unknown;
  /** Attempts so far, this one included. */
  readonly attempts: number;
  /** Tells this worker from those that had it before. */
  readonly lease: string;
};

export type DeadDelivery = {
  readonly id: string;
  readonly key: string | undefined;
  readonly payload: unknown;
  readonly attempts: number;
  readonly cause: string;
  readonly deadAt: Date;
};

export type QueueState = {
  readonly waiting: number;
  readonly dead: number;
  /** How long the oldest has been waiting, in milliseconds. */
  readonly oldestMs: number;
  readonly paused: { readonly why: string } | undefined;
};

/** What becomes of a delivery that failed. */
export type AfterFailure =
  { readonly kind: 'again'; readonly inMs: number } | { readonly kind: 'dead' };

/** A durable queue. Time is the store's. Several workers, in several processes, may take from one queue. */
export interface DeliveryStore {
  /** False where one with this key is in the queue already, dead ones included. */
  enqueue(queue: string, payload: unknown, key?: string): Promise<boolean>;
  /**
   * The next one that is due; nothing while the queue is paused. Others get it again when it is not settled within
   * the lease: its worker must have died.
   */
  claim(queue: string, leaseMs: number): Promise<Delivery | undefined>;
  /** Puts one back that was not tried after all; the attempt is not counted. */
  release(delivery: Delivery): Promise<void>;
  /** False where the lease is over and somebody else has it. */
  delivered(delivery: Delivery): Promise<boolean>;
  failed(delivery: Delivery, then: AfterFailure, cause: string): Promise<boolean>;
  /** Milliseconds until the next one is due: 0 for now, `undefined` where nothing waits. */
  untilDue(queue: string): Promise<number | undefined>;
  pause(queue: string, why: string): Promise<void>;
  resume(queue: string): Promise<void>;
  state(queue: string): Promise<QueueState>;
  /** Newest first. */
  deadLetters(queue: string, limit: number): Promise<readonly DeadDelivery[]>;
  /** Gives a dead one all its attempts anew. False where it is not dead, or not there. */
  replay(queue: string, id: string): Promise<boolean>;
  discard(queue: string, id: string): Promise<boolean>;
}
