import { z } from 'zod';

/** Control, zero-width and direction characters, with which a name could pass for another. */
const invisible = /[\p{Cc}\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/u;

const email = z
  .string()
  .max(254)
  .pipe(z.email())
  .meta({ description: 'Mail address; its case does not count', examples: ['ada@example.org'] });
const newPassword = z.string().max(1000).meta({
  description: '10 to 200 characters, none of the most common, not the name or mail address',
  format: 'password',
});
const givenPassword = z.string().min(1).max(1000).meta({ format: 'password' });

const name = z
  .string()
  .max(200)
  .transform((value) => value.normalize('NFC').trim().replace(/\s+/g, ' '))
  .refine(
    (value) => Array.from(value).length >= 1 && Array.from(value).length <= 80,
    'has to have 1 to 80 characters',
  )
  .refine(
    (value) => value.isWellFormed() && !invisible.test(value),
    'has characters that cannot be seen',
  )
  .meta({
    description: 'Shown beside comments and articles, 1 to 80 characters',
    examples: ['Ada Lovelace'],
  });

/** Need not be a mail address; NUL is what no database can look for. */
export const searchedEmail = z
  .string()
  .max(254)
  .regex(/^[^\0]*$/, 'has a NUL character');

export const roleSchema = z.enum(['reader', 'contributor', 'editor', 'operator']);

export const registrationSchema = z.strictObject({ email, name, password: newPassword });
export const credentialsSchema = z.strictObject({
  email: searchedEmail.min(1),
  password: givenPassword,
});
export const passwordChangeSchema = z.strictObject({ currentPassword: givenPassword, newPassword });
export const deletionSchema = z.strictObject({ password: givenPassword });
export const roleChangeSchema = z.strictObject({ role: roleSchema });
