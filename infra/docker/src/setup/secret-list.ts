import { randomBytes, randomInt } from 'node:crypto';

/** One secret of a stack. Its name is what stands in the `.env` file, after `NEWSCIENCE_SECRET_`. */
export type SecretName = (typeof secretNames)[number];

export const prefix = 'NEWSCIENCE_SECRET_';

/** Services with a database of their own, each with an owner role and an application role, and how secrets name them. */
export const databaseServices = {
  monolith: 'MONOLITH',
  gateway: 'GATEWAY',
  migrator: 'MIGRATOR',
  'activity-service': 'ACTIVITY_SERVICE',
} as const;
export type DatabaseService = keyof typeof databaseServices;

const people = ['OPERATOR_PASSWORD', 'EDITOR_PASSWORD'] as const;

/** Every secret there is. */
export const secretNames = [
  'POSTGRES_PASSWORD',
  'MONOLITH_OWNER_PASSWORD',
  'MONOLITH_PASSWORD',
  'MONOLITH_KEY_ENCRYPTION_SECRET',
  'GATEWAY_OWNER_PASSWORD',
  'GATEWAY_PASSWORD',
  'MIGRATOR_OWNER_PASSWORD',
  'MIGRATOR_PASSWORD',
  'LEGACY_CAPTURE_PASSWORD',
  'ACTIVITY_SERVICE_OWNER_PASSWORD',
  'ACTIVITY_SERVICE_PASSWORD',
  ...people,
] as const;

export type Secrets = Readonly<Record<SecretName, string>>;

/** Fewest characters of a secret that somebody chose. */
export function fewestCharacters(name: SecretName): number {
  if (name === 'MONOLITH_KEY_ENCRYPTION_SECRET') return 32;
  return 10;
}

/** A new one: 32 random bytes, or for a person four groups of five letters and digits (99 bits). */
export function newSecret(name: SecretName): string {
  if (!people.some((each) => each === name)) return randomBytes(32).toString('base64url');
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
  const group = (): string =>
    Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join('');
  return Array.from({ length: 4 }, group).join('-');
}
