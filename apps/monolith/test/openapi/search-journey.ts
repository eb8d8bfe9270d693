import pg from 'pg';
import { z } from 'zod';
import type { CheckedSite } from './checked-site.ts';

/** The search batch and searching. */
export async function searchJourney({ site, see, tokens }: CheckedSite): Promise<void> {
  const { operator: token, reader } = tokens;
  const runs = '/api/v1/search/batch-runs';
  await see(200, `${runs}?wait=true`, { method: 'POST', token });
  // As long as somebody holds the batch's lock, it is running.
  const other = new pg.Client({ connectionString: site.database.ownerUrl });
  await other.connect();
  await other.query(`SELECT pg_advisory_lock(hashtext('srch_bat'))`);
  await see(409, runs, { method: 'POST', token });
  await other.end();
  await see(202, runs, { method: 'POST', token });
  await see(403, runs, { method: 'POST', token: reader });
  await see(400, `${runs}?wait=x`, { method: 'POST', token });
  const list = z
    .looseObject({ items: z.array(z.looseObject({ id: z.int() })) })
    .parse((await see(200, `${runs}?limit=1`, { token })).body);
  await see(200, `${runs}/${list.items[0]?.id ?? 0}`, { token });
  await see(404, `${runs}/999999`, { token });
  await see(400, `${runs}/x`, { token });
  await see(403, `${runs}/1`, { token: reader });
  await see(403, runs, { token: reader });
  await see(400, `${runs}?cursor=AAAA`, { token });
  await see(200, '/api/v1/search?q=light');
  await see(200, '/api/v1/search?q=');
  await see(400, '/api/v1/search?q=light&cursor=AAAA');
  const settings = '/api/v1/search/batch-settings';
  await see(200, settings, { token });
  await see(403, settings, { token: reader });
  await see(403, settings, { token: reader, json: { intervalMs: 0 } });
  await see(200, settings, { token, json: { intervalMs: 0 } });
  await see(200, settings, { token, json: { intervalMs: null } });
}
