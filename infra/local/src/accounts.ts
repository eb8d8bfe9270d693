import { randomInt } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';

import { writePrivate } from './private-file.ts';

export type Account = { readonly email: string; readonly password: string };

/** The accounts that a new site has, as `credentials.json` keeps them. */
export type Accounts = { readonly operator: Account; readonly editor: Account };

/** Reads the accounts; makes them with random passwords where they are missing. */
export function accountsIn(file: string): Accounts {
  const stored: unknown = existsSync(file) ? parse(readFileSync(file, 'utf8')) : undefined;
  const accounts = { operator: accountOf(stored, 'operator'), editor: accountOf(stored, 'editor') };
  const text = `${JSON.stringify(accounts, null, 2)}\n`;
  if (JSON.stringify(stored) !== JSON.stringify(accounts)) writePrivate(file, text);
  return accounts;
}

function accountOf(stored: unknown, name: 'operator' | 'editor'): Account {
  if (typeof stored === 'object' && stored !== null && name in stored) {
    const found: unknown = Object.entries(stored).find(([key]) => key === name)?.[1];
    if (isAccount(found)) return { email: found.email, password: found.password };
  }
  return { email: `${name}@newscience.example`, password: password() };
}

function isAccount(value: unknown): value is Account {
  return (
    typeof value === 'object' &&
    value !== null &&
    'email' in value &&
    typeof value.email === 'string' &&
    'password' in value &&
    typeof value.password === 'string' &&
    value.password.length > 0
  );
}

/** Easy to type: four groups of five letters and digits that nobody mistakes for another; 99 bits. */
function password(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
  const group = (): string =>
    Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join('');
  return Array.from({ length: 4 }, group).join('-');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
