/** What somebody follows, and since when. */
export type Followed = { knd: 'T' | 'S'; val: string; since: Date };

/** What the choice needs to know of an article. */
export type Candidate = { artId: number; sectCd: string; tops: string[]; pubTs: Date | null };

export const bounds = {
  /** Tries of one mail before it is given up. */
  attempts: 5,
  /** A claim that is older belongs to an instance that died. */
  leaseMs: 60_000,
  /**
   * How far before the last digest articles are looked for: one may become visible some time after the
   * moment it is dated. Those that a digest has named already are left out by their ids.
   */
  overlapMs: 48 * 3_600_000,
  /** However long ago the last digest was. */
  furthestMs: 30 * 24 * 3_600_000,
} as const;

const backoffMs = [60_000, 5 * 60_000, 15 * 60_000, 60 * 60_000];

/** `2026-03-01` of a moment, in UTC. */
export function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}

/** The moment at which the digest of a day is due; `at` is `HH:MM` in UTC. */
export function dueTime(day: string, at: string): Date {
  return new Date(`${day}T${at}:00.000Z`);
}

/** The day whose digest is due at this moment, or null before today's time. */
export function dueDay(now: Date, at: string): string | null {
  const day = dayOf(now);
  return now >= dueTime(day, at) ? day : null;
}

/**
 * From when on articles are looked for: nobody gets what was published before anything was followed, nor
 * what is far older than the last digest (`last` is null before the first one).
 */
export function searchFrom(followed: Followed[], last: Date | null, til: Date): Date {
  const first = Math.min(...followed.map(({ since }) => since.getTime()));
  const floor = til.getTime() - bounds.furthestMs;
  return new Date(
    Math.max(first, floor, last === null ? floor : last.getTime() - bounds.overlapMs),
  );
}

/** The articles that are new to a follower, in their order: published after it was followed, and in no digest yet. */
export function chooseNew<C extends Candidate>(
  followed: Followed[],
  candidates: C[],
  named: ReadonlySet<number>,
): C[] {
  const since = new Map(followed.map((item) => [`${item.knd}:${item.val}`, item.since]));
  return candidates.filter(({ artId, sectCd, tops, pubTs }) => {
    if (pubTs === null || named.has(artId)) return false;
    const keys = [`S:${sectCd}`, ...tops.map((top) => `T:${top}`)];
    return keys.some((key) => {
      const from = since.get(key);
      return from !== undefined && pubTs > from;
    });
  });
}

/** When a mail that failed `attempts` times is tried again, or null when it is given up. */
export function retryAt(attempts: number, now: Date): Date | null {
  if (attempts >= bounds.attempts) return null;
  const wait = backoffMs[Math.min(attempts, backoffMs.length) - 1] ?? 0;
  return new Date(now.getTime() + wait);
}
