import { migrateMain } from '@newscience/service-kit/migrations';

await migrateMain(import.meta);
