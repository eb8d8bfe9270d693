/** How long a topic keeps its events. */
export type Retention =
  /** The latest event of each key for ever; those that a later one replaced for `historyDays` more. */
  | { readonly kind: 'latest-per-key'; readonly historyDays: number }
  /** Every event for `days`, then none. */
  | { readonly kind: 'time'; readonly days: number };

/** Where the events of one context go. Services declare it; the buses hold themselves to it. */
export type TopicPolicy = {
  /** `newscience.<context>` */
  readonly topic: string;
  /** Fixed for good: with another number a key would change its partition, and its order would be lost. */
  readonly partitions: number;
  readonly retention: Retention;
  /** One sentence: what it carries. */
  readonly about: string;
};

/** The topics of all contracts. */
export const topics: readonly TopicPolicy[] = [
  {
    topic: 'newscience.article',
    partitions: 8,
    retention: { kind: 'latest-per-key', historyDays: 30 },
    about: 'Articles with their whole content: the latest event of each says what it is now.',
  },
  {
    topic: 'newscience.comment',
    partitions: 4,
    retention: { kind: 'latest-per-key', historyDays: 30 },
    about: 'Comments with their whole content.',
  },
  {
    topic: 'newscience.route',
    partitions: 1,
    retention: { kind: 'time', days: 365 },
    about: 'What operators did to the routes of the gateway, in the order in which they did it.',
  },
  {
    topic: 'newscience.user',
    partitions: 4,
    retention: { kind: 'latest-per-key', historyDays: 7 },
    about: 'What may be known about accounts: neither mail addresses nor secrets.',
  },
];
