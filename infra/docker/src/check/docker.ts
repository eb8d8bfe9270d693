import { execFile } from 'node:child_process';
import { err, ok, type Result } from '@newscience/service-kit/result';

/** What a call of the Docker command line said; `detail` is its own last line. */
export type DockerFault = { readonly code: 'no_engine' | 'refused'; readonly detail: string };

/** Runs `docker ARGS` and gives back its standard output. */
export type Docker = (...args: string[]) => Promise<Result<string, DockerFault>>;

/** The Docker command line, called in a folder. Each call has two minutes. */
export function dockerIn(cwd: string): Docker {
  return (...args) =>
    new Promise((resolve) => {
      const options = { cwd, timeout: 120_000, maxBuffer: 64 * 1024 ** 2 };
      execFile('docker', args, options, (error, stdout, stderr) => {
        if (error === null) resolve(ok(stdout));
        else resolve(err(faultOf(error, stderr)));
      });
    });
}

function faultOf(error: Error, stderr: string): DockerFault {
  const said = stderr.trim().split('\n').at(-1) ?? '';
  const absent = 'code' in error && error.code === 'ENOENT';
  if (absent) return { code: 'no_engine', detail: 'there is no docker command on this machine' };
  const silent = /cannot connect to the docker daemon|is the docker daemon running/i.test(stderr);
  return { code: silent ? 'no_engine' : 'refused', detail: said === '' ? error.message : said };
}
