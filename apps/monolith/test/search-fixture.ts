import { createLogger, type Logger } from '@newscience/service-kit/logging';
import { migrate } from '@newscience/service-kit/migrations';
import { createPool } from '@newscience/service-kit/postgres';
import { createTemplate, type TestDatabase } from '@newscience/testing/template-database';
import type { Pool } from 'pg';

import type { ArtInt } from '../src/articles/art-int.ts';
import { createArt } from '../src/articles/art-mod.ts';
import { createSrch, type SrchMod } from '../src/search/srch-mod.ts';

export const silent: Logger = createLogger({ service: 'test', level: 'silent' });

export type SearchFixture = {
  database: TestDatabase;
  pool: Pool;
  art: ArtInt;
  srch: SrchMod;
  /** Another instance of the service on the same database. */
  second: () => SrchMod;
  publish: (artRef: string, ttl: string, bdy: string) => Promise<void>;
  end: () => Promise<void>;
};

/** The monolith's search over a database of its own, as the role that the service runs as. */
export async function searchFixture(): Promise<SearchFixture> {
  const template = await createTemplate({
    service: 'monolith',
    migrationsDir: new URL('../migrations', import.meta.url).pathname,
    migrate,
  });
  const database = await template.cloneDatabase();
  const pool = createPool({ url: database.url, applicationName: 'test', logger: silent });
  const art = createArt({ pool });
  const made: SrchMod[] = [];
  const second = (): SrchMod => {
    const srch = createSrch({ pool, art, logger: silent, ivlMs: 3_600_000 });
    made.push(srch);
    return srch;
  };
  return {
    database,
    pool,
    art,
    srch: second(),
    second,
    publish: async (artRef, ttl, bdy) => {
      const sectCd = await art.ensSect('Physics');
      const put = { artRef, ttl, bdy, sectCd, auts: ['Ada Lovelace'], tops: [] };
      const done = await art.impArt(put, new Date('2020-01-01'));
      if (!done.ok) throw new Error(done.error.detail);
    },
    end: async () => {
      for (const srch of made) await srch.stop();
      await pool.end();
      await database.drop();
    },
  };
}
