/** `node libs/outbox/src/copy-migrations.ts apps/<service>/migrations [outbox] [inbox]` */
import { copyMigrations, type Part } from './migrations.ts';

const [folder, ...named] = process.argv.slice(2);
const known: readonly Part[] = ['outbox', 'inbox'];
const wrong = named.filter((name) => !known.some((part) => part === name));
if (folder === undefined || wrong.length > 0) {
  process.stderr.write('Name the folder of the migrations, then outbox, inbox or both.\n');
  process.exitCode = 64;
} else {
  const parts = named.length === 0 ? known : known.filter((part) => named.includes(part));
  const copied = copyMigrations(folder, parts);
  process.stdout.write(copied.length === 0 ? 'Nothing is missing.\n' : `${copied.join('\n')}\n`);
}
