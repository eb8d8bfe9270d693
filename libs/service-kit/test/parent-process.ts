import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';

/** Starts the program in its first argument with a channel, its output in the file of the second; tells its pid. */
const [program = '', log = ''] = process.argv.slice(2);
const output = openSync(log, 'a');
const child = spawn(process.execPath, [program], { stdio: ['ignore', output, output, 'ipc'] });
child.on('message', (message) => process.send?.({ pid: child.pid, message }));
