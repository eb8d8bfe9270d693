const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const encoder = new TextEncoder();

/** FNV-1a over UTF-8, 32 bits, unsigned: the same in every process and release, because it is stored. */
export function keyHash(key: string): number {
  let hash = FNV_OFFSET;
  for (const byte of encoder.encode(key)) hash = Math.imul(hash ^ byte, FNV_PRIME);
  return hash >>> 0;
}

/** Relays share these among them, so there is no use in more relays. Fixed: rows carry the number. */
export const OUTBOX_PARTITIONS = 16;

/** Two keys in one slot wait for each other's commit; a transaction holds this many locks at most. */
export const KEY_SLOTS = 256;

export const outboxPartition = (key: string): number => keyHash(key) % OUTBOX_PARTITIONS;

export const keySlot = (key: string): number => keyHash(key) % KEY_SLOTS;

/** As PostgreSQL's signed four-byte integer. */
export const lockNumber = (key: string): number => keyHash(key) | 0;
