import { chown } from 'node:fs/promises';

/**
 * One-shot: `volumes.mjs FOLDER...` gives each folder, the root of a volume, to account 1000, which the programs run
 * as. For images that have no such folder themselves; elsewhere a new volume takes the owner over from the image.
 */
const account = 1000;
for (const folder of process.argv.slice(2)) {
  await chown(folder, account, account);
  process.stdout.write(`${folder} belongs to account ${account}.\n`);
}
