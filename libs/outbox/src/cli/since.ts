const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A moment (RFC 3339) from `10m`, `2h`, `3d` before now, or from a date with or without a time. */
export function readSince(text: string, now: Date): string | undefined {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) {
    const before = Number(count) * UNITS[unit as keyof typeof UNITS];
    return new Date(now.getTime() - before).toISOString();
  }
  if (!/^\d{4}-\d{2}-\d{2}(?:T|$)/.test(text)) return undefined;
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? undefined : moment.toISOString();
}
