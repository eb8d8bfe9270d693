import { randomUUID } from 'node:crypto';
import { apiClient, tokenFor } from '../api.ts';
import type { Instance } from '../site.ts';

export type Person = {
  readonly name: string;
  readonly email: string;
  readonly password: string;
  readonly token: string;
  readonly call: ReturnType<typeof apiClient>;
};

/** A new reader account that has logged in; its name and address are nobody else's. */
export async function newReader(base: string, name = 'Reader'): Promise<Person> {
  const mark = randomUUID().slice(0, 8);
  const account = {
    name: `${name} ${mark}`,
    email: `${name.toLowerCase().replaceAll(/[^a-z]/g, '')}.${mark}@example.org`,
    password: `lantern gravel ${mark}`,
  };
  const registered = await apiClient(base)('POST', '/api/v1/accounts', account);
  if (registered.status !== 202) throw new Error(`Not registered: ${registered.text}`);
  return { ...account, ...(await enter(base, account)) };
}

/** An account that exists already, for example one of `credentials.json`. */
export async function known(
  base: string,
  account: { email: string; password: string },
): Promise<Person> {
  return { name: account.email, ...account, ...(await enter(base, account)) };
}

async function enter(
  base: string,
  account: { email: string; password: string },
): Promise<Pick<Person, 'token' | 'call'>> {
  const { email, password } = account;
  const token = await tokenFor(base, { email, password });
  return { token, call: apiClient(base, token) };
}

/** An operator whom nothing else depends on, so that a test may spoil the account. */
export async function newOperator({ url, credentials }: Instance): Promise<Person> {
  const first = await known(url, credentials.operator);
  const reader = await newReader(url, 'Operator');
  const { json } = await reader.call('GET', '/api/v1/me');
  const { id } = json as { id: string };
  const raised = await first.call('PUT', `/api/v1/accounts/${id}/role`, { role: 'operator' });
  if (raised.status !== 200) throw new Error(`Not raised: ${raised.text}`);
  return { ...reader, ...(await enter(url, reader)) };
}

/** A word that stands nowhere else on the site, of letters alone so that a search finds it whole. */
export function rareWord(): string {
  const digits = randomUUID().replaceAll('-', '').slice(0, 12);
  return `zq${digits.replaceAll(/./g, (digit) => 'ghijklmnopqrstuv'.charAt(Number.parseInt(digit, 16)))}`;
}
