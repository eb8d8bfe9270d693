import { z } from 'zod';
import { password } from '../monolith.ts';
import type { CheckedSite } from './checked-site.ts';

const withId = z.looseObject({ id: z.string() });
const nowhere = '00000000-0000-4000-8000-000000000000';

/** Comments, reported and hidden. */
export async function commentJourney({ see, tokens }: CheckedSite): Promise<void> {
  const path = '/api/v1/articles/ns-imported/comments';
  const { reader, other, editor: token } = tokens;
  const write = async (json: object, by = reader) =>
    withId.parse((await see(201, path, { token: by, json })).body).id;
  const id = await write({ text: 'First' });
  const reply = await write({ text: 'Answer', parentId: id }, other);
  await see(409, path, { token: reader, json: { text: 'Too deep', parentId: reply } });
  await see(404, path, { token: reader, json: { text: 'To nobody', parentId: nowhere } });
  await see(404, '/api/v1/articles/nothing/comments');
  await see(200, path);
  await see(200, `${path}?limit=1`);
  await see(400, `${path}?cursor=AAAA`);
  await see(204, `/api/v1/comments/${id}/report`, { token: other, json: { reason: 'Rude' } });
  await see(409, `/api/v1/comments/${id}/report`, { token: other, json: { reason: 'Rude' } });
  await see(404, `/api/v1/comments/${nowhere}/report`, {
    token: other,
    json: { reason: 'Rude' },
  });
  await see(200, '/api/v1/comments/reported', { token });
  await see(403, '/api/v1/comments/reported', { token: reader });
  await see(400, '/api/v1/comments/reported?limit=x', { token });
  for (const action of ['keep', 'hide']) {
    const of = (one: string, by: string) =>
      [`/api/v1/comments/${one}/${action}`, { method: 'POST', token: by }] as const;
    await see(403, ...of(id, reader));
    await see(404, ...of(nowhere, token));
    await see(204, ...of(id, token));
    await see(400, ...of('x', token));
  }
  await see(403, `/api/v1/comments/${reply}`, { method: 'DELETE', token: reader });
  await see(204, `/api/v1/comments/${reply}`, { method: 'DELETE', token: other });
  await see(404, `/api/v1/comments/${nowhere}`, { method: 'DELETE', token: other });
  await see(400, '/api/v1/comments/x', { method: 'DELETE', token: other });
  for (let i = 1; i < 10; i += 1) await write({ text: `Comment ${i}` });
  await see(429, path, { token: reader, json: { text: 'One too many' } });
  await see(200, path);
}

/** Subscriptions and the daily mail. */
export async function subscriptionJourney({ site, see, tokens }: CheckedSite): Promise<void> {
  const { reader: token, operator: op } = tokens;
  for (const [kind, name, unknown] of [
    ['topics', 'Optics', 'Nothing'],
    ['sections', 'physics', 'nothing'],
  ] as const) {
    const path = `/api/v1/me/subscriptions/${kind}`;
    await see(404, `${path}/${unknown}`, { method: 'PUT', token });
    await see(404, `${path}/${unknown}`, { method: 'DELETE', token });
    await see(204, `${path}/${name}`, { method: 'PUT', token });
    await see(200, '/api/v1/me/subscriptions', { token });
    await see(204, `${path}/${name}`, { method: 'DELETE', token });
    for (const method of ['PUT', 'DELETE'])
      await see(400, `${path}/${'x'.repeat(1000)}`, { method, token });
    const letter = kind === 'topics' ? 'T' : 'S';
    await site.query(
      `INSERT INTO sub_itm (usr_id, knd, val) SELECT usr_id, $1, 'v' || n FROM usr, generate_series(1, 200) AS n WHERE eml_lc = 'reader@example.org'`,
      [letter],
    );
    await see(409, `${path}/${name}`, { method: 'PUT', token });
    await site.query('DELETE FROM sub_itm');
  }
  await see(204, '/api/v1/me/subscriptions/topics/Optics', { method: 'PUT', token });
  await see(200, '/api/v1/me/digest', { method: 'PUT', token, json: { active: true } });
  await see(200, '/api/v1/digest/runs', { method: 'POST', token: op });
  await see(403, '/api/v1/digest/runs', { method: 'POST', token });
  await see(200, '/api/v1/digest/runs', { token: op });
  await see(403, '/api/v1/digest/runs', { token });
  await see(400, '/api/v1/digest/runs?limit=x', { token: op });

  const [row] = await site.query<{ uns_tok: string }>('SELECT uns_tok FROM dgst_cfg LIMIT 1');
  const link = `/unsubscribe/${row?.uns_tok ?? ''}`;
  await see(200, link, { form: { 'List-Unsubscribe': 'One-Click' } });
  await see(303, link, { form: {} });
  await see(404, '/unsubscribe/nothing', { form: {} });
  await see(400, `/unsubscribe/${'x'.repeat(101)}`, { form: {} });
  await see(415, link, { form: {}, headers: { 'content-encoding': 'zip' } });
  await see(413, link, { form: { x: 'x'.repeat(5000) } });
}

/** Accounts, roles and keys; the tokens of both readers end. */
export async function accountJourney({ see, tokens }: CheckedSite): Promise<void> {
  const { operator: token, reader } = tokens;
  const me = withId.parse((await see(200, '/api/v1/me', { token: reader })).body).id;
  const own = withId.parse((await see(200, '/api/v1/me', { token })).body).id;
  await see(202, '/api/v1/accounts', {
    json: { email: 'new@example.org', name: 'New', password },
  });
  await see(200, '/api/v1/accounts?limit=1', { token });
  await see(400, '/api/v1/accounts?cursor=AAAA', { token });
  await see(403, '/api/v1/accounts', { token: reader });
  const role = (id: string) => `/api/v1/accounts/${id}/role`;
  await see(200, role(me), { method: 'PUT', token, json: { role: 'contributor' } });
  await see(403, role(me), { method: 'PUT', token: reader, json: { role: 'operator' } });
  await see(404, role(nowhere), { method: 'PUT', token, json: { role: 'editor' } });
  await see(409, role(own), { method: 'PUT', token, json: { role: 'editor' } });
  await see(201, '/api/v1/signing-keys/rotations', { method: 'POST', token });
  await see(200, '/api/v1/signing-keys/rotations', { method: 'POST', token });
  await see(403, '/api/v1/signing-keys/rotations', { method: 'POST', token: reader });
  await see(200, '/.well-known/jwks.json');
  await see(200, '/api/v1/tokens', { json: { email: 'new@example.org', password } });
  await see(401, '/api/v1/tokens', {
    json: { email: 'new@example.org', password: 'wrong password' },
  });
  await see(200, '/api/v1/me/password', {
    token: reader,
    json: { currentPassword: password, newPassword: 'orbits of the outer planets' },
  });
  await see(409, '/api/v1/me', { method: 'DELETE', token, json: { password } });
  await see(204, '/api/v1/me', { method: 'DELETE', token: tokens.other, json: { password } });
}
