export type LiveMember = { readonly id: string; readonly topics: readonly string[] };
export type HeldPartition = {
  readonly topic: string;
  readonly partition: number;
  readonly owner: string | null;
};

/** A partition's name within a group. */
export const keyOf = (at: { readonly topic: string; readonly partition: number }): string =>
  `${at.topic}/${at.partition}`;

/**
 * Who should own which partition. Every member computes it for itself from the same rows and gets the same
 * answer, so no coordinator is needed.
 *
 * Within a topic the numbers of its members differ by one at most. Owners keep what they have as far as
 * that allows: a member that joins or leaves moves as little as possible, and nothing moves twice.
 *
 * @returns the owner of each partition by `keyOf`; partitions of topics without a member are left out
 */
export function assign(
  members: readonly LiveMember[],
  partitions: readonly HeldPartition[],
): ReadonlyMap<string, string> {
  const assigned = new Map<string, string>();
  const load = new Map(members.map(({ id }) => [id, 0]));
  const topics = [...new Set(partitions.map(({ topic }) => topic))].sort();
  for (const topic of topics) {
    const candidates = members.filter((one) => one.topics.includes(topic)).map(({ id }) => id);
    if (candidates.length === 0) continue;
    const own = partitions
      .filter((one) => one.topic === topic)
      .sort((a, b) => a.partition - b.partition);
    for (const [key, owner] of assignTopic(candidates, own, load)) {
      assigned.set(key, owner);
      load.set(owner, (load.get(owner) ?? 0) + 1);
    }
  }
  return assigned;
}

function assignTopic(
  candidates: readonly string[],
  partitions: readonly HeldPartition[],
  load: ReadonlyMap<string, number>,
): Map<string, string> {
  const quota = quotas(candidates, partitions, load);
  const assigned = new Map<string, string>();
  const take = (one: HeldPartition, owner: string): void => {
    assigned.set(keyOf(one), owner);
    quota.set(owner, (quota.get(owner) ?? 0) - 1);
  };
  for (const one of partitions)
    if (one.owner !== null && (quota.get(one.owner) ?? 0) > 0) take(one, one.owner);
  for (const one of partitions) {
    if (assigned.has(keyOf(one))) continue;
    const next = [...quota].find(([, left]) => left > 0)?.[0];
    if (next !== undefined) take(one, next);
  }
  return assigned;
}

/** How many each may have. The odd ones go to who has them already, then to who has least of other topics. */
function quotas(
  candidates: readonly string[],
  partitions: readonly HeldPartition[],
  load: ReadonlyMap<string, number>,
): Map<string, number> {
  const even = Math.floor(partitions.length / candidates.length);
  const odd = partitions.length % candidates.length;
  const holds = (id: string): boolean =>
    partitions.filter(({ owner }) => owner === id).length > even;
  const ranked = candidates
    .map((id) => ({ id, holds: holds(id) ? 0 : 1, load: load.get(id) ?? 0 }))
    .sort((a, b) => a.holds - b.holds || a.load - b.load || (a.id < b.id ? -1 : 1));
  return new Map(ranked.map(({ id }, rank) => [id, even + (rank < odd ? 1 : 0)]));
}
