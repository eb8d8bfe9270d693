/** Leaves a server behind that nobody stops: what a killed launcher leaves where the kernel does not help. */
import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';

import { findBinaries } from '../src/binaries.ts';

const [dataDir = ''] = process.argv.slice(2);
const { uid, gid } = statSync(dataDir);
const isRoot = process.getuid?.() === 0;
const server = spawn(findBinaries().postgres, ['-D', dataDir], {
  ...(isRoot ? { uid, gid } : {}),
  detached: true,
  stdio: 'ignore',
});
process.stdout.write(String(server.pid));
server.unref();
