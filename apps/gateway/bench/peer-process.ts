import { processUsage } from '@newscience/measure/process-usage';
import { freePort } from '@newscience/testing/free-port';
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { MemoryReading } from './peers/announce.ts';

/** A process that answers HTTP on a port of this machine. */
export type Peer = {
  name: string;
  origin: string;
  /** CPU seconds that all its processes have used so far. */
  cpuSeconds: () => number;
  stop: () => Promise<void>;
};

export type NodePeer = Peer & {
  pid: number;
  /** Ends it without a farewell, as the kernel does when memory runs out. */
  kill: () => Promise<void>;
  /** Memory in use right after a full collection. */
  memory: () => Promise<MemoryReading>;
};

/**
 * Starts `peers/<file>` and waits until it listens.
 *
 * @param output file that takes its standard output
 */
export async function startNodePeer(
  name: string,
  file: string,
  args: readonly string[],
  output: string,
): Promise<NodePeer> {
  const log = openSync(output, 'w');
  const child = fork(join(import.meta.dirname, 'peers', file), args, {
    execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', log, 'inherit', 'ipc'],
  });
  closeSync(log);
  const { port } = portIn(await nextMessage(child));
  const { pid = 0 } = child;
  return {
    name,
    pid,
    origin: `http://127.0.0.1:${port}`,
    cpuSeconds: () => processUsage(pid).cpuSeconds,
    stop: () => end(child, 'SIGTERM'),
    kill: () => end(child, 'SIGKILL'),
    memory: async () => {
      child.send('memory');
      return memoryIn(await nextMessage(child));
    },
  };
}

/** nginx with one worker, the access log on, and its connections to the upstream kept alive. */
export async function startNginx(command: string, upstream: string, folder: string): Promise<Peer> {
  const port = await freePort();
  const prefix = join(folder, 'nginx');
  mkdirSync(prefix);
  writeFileSync(join(prefix, 'nginx.conf'), nginxConfiguration(port, new URL(upstream).host));
  const child = spawn(command, ['-p', prefix, '-c', 'nginx.conf', '-e', 'error.log'], {
    stdio: 'ignore',
  });
  const { pid = 0 } = child;
  await untilAnswers(port, child);
  return {
    name: 'nginx',
    origin: `http://127.0.0.1:${port}`,
    cpuSeconds: () =>
      [pid, ...childrenOf(pid)].reduce((total, each) => total + processUsage(each).cpuSeconds, 0),
    stop: () => end(child, 'SIGTERM'),
  };
}

/** Where nginx is installed, also where the path of an ordinary user does not lead; or undefined. */
export function findNginx(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, 'nginx')).find((path) => existsSync(path));
}

function nginxConfiguration(port: number, upstream: string): string {
  return `
daemon off;
worker_processes 1;
pid nginx.pid;
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 1024; }
http {
  access_log access.log combined buffer=32k flush=1s;
  client_body_temp_path body; proxy_temp_path proxy;
  fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  keepalive_timeout 65s; keepalive_requests 1000000;
  upstream site { server ${upstream}; keepalive 128; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://site;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Request-Id $request_id;
    }
  }
}
`;
}

function childrenOf(pid: number): number[] {
  const listed = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return listed.split(' ').filter(Boolean).map(Number);
}

async function untilAnswers(port: number, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (performance.now() < deadline && child.exitCode === null) {
    try {
      await fetch(`http://127.0.0.1:${port}/`);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error('nginx did not start');
}

async function nextMessage(child: ChildProcess): Promise<unknown> {
  return await new Promise((resolve, reject) => {
    const failed = () => {
      reject(new Error('a peer ended before it answered'));
    };
    child.once('exit', failed);
    child.once('message', (message: unknown) => {
      child.off('exit', failed);
      resolve(message);
    });
  });
}

function portIn(message: unknown): { port: number } {
  if (typeof message === 'object' && message !== null && 'port' in message) {
    if (typeof message.port === 'number') return { port: message.port };
  }
  throw new Error('a peer did not say its port');
}

function memoryIn(message: unknown): MemoryReading {
  if (
    typeof message === 'object' &&
    message !== null &&
    'usedBytes' in message &&
    'residentBytes' in message &&
    typeof message.usedBytes === 'number' &&
    typeof message.residentBytes === 'number'
  ) {
    return { usedBytes: message.usedBytes, residentBytes: message.residentBytes };
  }
  throw new Error('a peer did not say what memory it uses');
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    child.once('exit', () => {
      resolve();
    });
    child.kill(signal);
    setTimeout(() => child.kill('SIGKILL'), 2_000).unref();
  });
}
