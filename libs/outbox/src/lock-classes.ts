/**
 * First numbers of PostgreSQL's two-number advisory locks, so that these never meet those of others in the same
 * database. All users of this library's tables have to agree on them.
 */
export const OUTBOX_KEY_LOCK = 0x4e530001;
export const RELAY_LEASE = 0x4e530002;
export const RELAY_PRESENCE = 0x4e530003;
export const INBOX_PARTITION_LOCK = 0x4e530004;

/** `append` notifies on it. */
export const OUTBOX_CHANNEL = 'outbox_appended';
