/** `node libs/resilience/src/copy-migrations.ts apps/<service>/migrations [circuit] [bucket] [delivery]` */
import { copyMigrations, type Part } from './migrations.ts';

const [folder, ...named] = process.argv.slice(2);
const known: readonly Part[] = ['circuit', 'bucket', 'delivery'];
const parts = known.filter((part) => named.includes(part));
if (folder === undefined || parts.length === 0 || parts.length !== named.length) {
  process.stderr.write(
    'Name the folder of the migrations, then circuit, bucket, delivery or some of them.\n',
  );
  process.exitCode = 64;
} else {
  const copied = copyMigrations(folder, parts);
  process.stdout.write(copied.length === 0 ? 'Nothing is missing.\n' : `${copied.join('\n')}\n`);
}
