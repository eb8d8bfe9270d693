/** Brings the event bus's database up to date: a short process, as each service's `migrate.ts`. */
import { migrateBus } from '@newscience/event-bus/migrate';
import { z } from 'zod';

await migrateBus({
  databaseUrl: z.string().parse(process.env['DATABASE_URL']),
  appRole: z.string().parse(process.env['APP_ROLE']),
});
