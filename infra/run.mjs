/**
 * Runs a tool or a source file of this repository under the pinned Node, after installing what is
 * missing. Every npm script goes through it, so a fresh clone needs nothing but Node 20 and npm.
 *
 *   node infra/run.mjs FILE.ts [ARG...]     a source file
 *   node infra/run.mjs TOOL [ARG...]        a command of node_modules/.bin, by its package's bin entry
 *
 * Plain JavaScript, because it has to run before anything is installed and on whatever Node the user has.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const stamp = join(modules, '.newscience-lock');
const compiled = process.env.NODE_COMPILE_CACHE ?? join(modules, '.cache', 'compiled');
const pinnedNode = join(modules, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 20) fail(`Node ${process.versions.node} is too old: install Node 20 or later.`);

const [target, ...args] = process.argv.slice(2);
if (target === undefined) fail('usage: node infra/run.mjs FILE.ts|TOOL [ARG...]');

if (installIfLockChanged() || !existsSync(compiled)) compileAhead();
run(target, args);

function installIfLockChanged() {
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const installed = existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
  if (installed === wanted && existsSync(pinnedNode)) return false;
  process.stderr.write('Installing dependencies (only when the lock file changed) ...\n');
  const started = Date.now();
  const npm = process.env.npm_execpath;
  const options = { cwd: root, stdio: ['ignore', 2, 2], env: installEnvironment() };
  // Into an empty folder `npm ci` is faster; into one in use `npm install` leaves what is right where it is.
  const command = existsSync(pinnedNode) ? 'install' : 'ci';
  const flags = [command, '--no-audit', '--no-fund', '--loglevel=error'];
  const result = npm
    ? spawnSync(process.execPath, [npm, ...flags], options)
    : spawnSync('npm', flags, { ...options, shell: process.platform === 'win32' });
  if (result.status !== 0)
    fail('The installation failed: see its message above, then run the same command again.');
  writeFileSync(stamp, wanted);
  process.stderr.write(`Installed in ${((Date.now() - started) / 1000).toFixed(0)} s.\n`);
  return true;
}

function compileAhead() {
  const env = { ...process.env, NODE_COMPILE_CACHE: compiled };
  spawnSync(pinnedNode, [join(root, 'infra', 'compile-ahead.mjs')], { env, stdio: 'ignore' });
}

/** npm hands its own settings down as npm_config_*; those of a script run must not steer an install. */
function installEnvironment() {
  const kept = Object.entries(process.env).filter(([name]) => name !== 'npm_config_json');
  return { ...Object.fromEntries(kept), NODE_ENV: '' };
}

function run(target, args) {
  const file = /\.[mc]?[jt]s$/.test(target) ? resolve(root, target) : binOf(target);
  const child = spawn(pinnedNode, ['--disable-warning=ExperimentalWarning', file, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: {
      ...process.env,
      PATH: [join(modules, '.bin'), process.env.PATH ?? ''].join(delimiter),
      NX_NO_CLOUD: 'true',
      NX_DAEMON: process.env.NX_DAEMON ?? 'false',
      // Sources whose types are stripped already: quicker to start, and the stripper stays out of memory.
      NODE_COMPILE_CACHE: compiled,
    },
  });
  // A terminal sends Ctrl-C to the whole group; a supervisor signals only this process.
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) child.kill('SIGINT');
  });
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  whenNpmIsGone(() => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
    process.disconnect?.();
  });
}

/**
 * npm runs a script through a shell. A SIGTERM to npm ends the shell without a word to this process, and a
 * SIGKILL ends npm alone; what it runs must not outlive it either way.
 */
function whenNpmIsGone(act) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const shell = process.ppid;
  const npm = npmAbove(shell);
  setInterval(() => {
    if (process.ppid !== shell || npmAbove(shell) !== npm) act();
  }, 250).unref();
}

/** The process id of the npm that runs this shell; 0 where it is no longer npm's, or where this cannot be known. */
function npmAbove(shell) {
  try {
    const parent = Number(
      /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${shell}/status`, 'utf8'))?.[1],
    );
    return readFileSync(`/proc/${parent}/cmdline`, 'utf8').includes('npm') ? parent : 0;
  } catch {
    return 0;
  }
}

function binOf(tool) {
  const manifest = join(modules, tool, 'package.json');
  if (!existsSync(manifest)) fail(`${tool}: no such tool in node_modules.`);
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8'));
  return join(modules, tool, typeof bin === 'string' ? bin : bin[tool]);
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
