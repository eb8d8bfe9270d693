import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..', '..');
const nx = join(root, 'node_modules', 'nx', 'dist', 'bin', 'nx.js');

async function affectedBy(file: string): Promise<string[]> {
  const args = [nx, 'show', 'projects', '--affected', `--files=${file}`, '--json'];
  const env = { ...process.env, NX_DAEMON: 'false', NODE_OPTIONS: '' };
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, env });
  return (JSON.parse(stdout) as string[]).sort();
}

describe('what a change affects', () => {
  it('in the gateway: the gateway and what depends on it, not the monolith', async () => {
    const affected = await affectedBy('apps/gateway/src/main.ts');
    expect(affected).toEqual(expect.arrayContaining(['e2e', 'gateway']));
    expect(affected).not.toContain('monolith');
  }, 60_000);

  it('in the monolith: not the gateway', async () => {
    const affected = await affectedBy('apps/monolith/src/main.ts');
    expect(affected).toEqual(expect.arrayContaining(['e2e', 'monolith']));
    expect(affected).not.toContain('gateway');
  }, 60_000);

  it('in the service kit: every service', async () => {
    const affected = await affectedBy('libs/service-kit/src/config.ts');
    expect(affected).toEqual(expect.arrayContaining(['gateway', 'monolith', 'service-kit']));
  }, 60_000);
});
