import { execFileSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { programs } from '../src/bundle/programs.ts';
import { mostBytes } from '../src/check/report.ts';
import { secretFolders } from '../src/setup/secret-files.ts';
import { prefix, secretNames } from '../src/setup/secret-list.ts';
import { settleSecrets } from '../src/setup/settle-secrets.ts';
import {
  bytesOf,
  compose,
  composeText,
  dockerfile,
  isOneShot,
  isOurs,
  root,
  services,
} from './compose-file.ts';

const staying = services.filter(([, service]) => !isOneShot(service));
const ours = services.filter(([, service]) => isOurs(service));
const named = (name: string) => compose.services[name];

describe('the images', () => {
  it('of others are pinned to a version', () => {
    const images = services.filter(([, service]) => !isOurs(service)).map(([, { image }]) => image);
    for (const image of images) expect(image).toMatch(/^[a-z/-]+:\d+(\.\d+)*$/);
    const [base] = /(?<=^ARG NODE_IMAGE=).+$/m.exec(dockerfile) ?? [];
    expect(base).toMatch(/^node:\d+-[a-z]+-slim$/);
    const stages = [...dockerfile.matchAll(/^FROM (\S+) AS (\S+)$/gm)].map(([, from, as]) => [
      from,
      as,
    ]);
    const known = new Set(['${NODE_IMAGE}', ...stages.map(([, as]) => as)]);
    for (const [from] of stages) expect(known).toContain(from);
  });

  it('of ours have a stage, a bundle and one service that builds each', () => {
    for (const { name } of programs) {
      const builders = ours.filter(([, { build }]) => build?.target === name);
      expect([name, builders.length]).toEqual([name, 1]);
      expect(dockerfile).toMatch(
        new RegExp(`^FROM program AS ${name}\\nCOPY --from=bundles /bundles/${name} \\.$`, 'm'),
      );
    }
    for (const [, { image }] of ours) {
      const [, name = ''] = /^newscience\/([a-z-]+):\$\{COMPOSE_PROJECT_NAME\}$/.exec(image) ?? [];
      expect(programs.map((program) => program.name)).toContain(name);
    }
  });

  it('are built as an engine of 2020 can', () => {
    expect(dockerfile).not.toMatch(/^# *syntax=/m);
    expect(dockerfile).not.toMatch(/<<-?\s*['"]?[A-Z]/);
  });

  it('are there for every application', () => {
    const applications = globSync('apps/*/src/main.ts', { cwd: root }).map((file) =>
      basename(dirname(dirname(file))),
    );
    for (const application of applications)
      expect(Object.keys(compose.services)).toContain(application);
  });
});

describe('what runs', () => {
  it.each(ours)('%s runs closed: no root, nothing to write to, no capability', (name, service) => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
    expect(service.security_opt).toEqual(['no-new-privileges:true']);
    // They give files to other accounts, once, and see no network.
    const preparing = ['secrets', 'volumes'].includes(name);
    expect(service.user).toBe(preparing ? '0:0' : '1000:1000');
    expect(service.network_mode).toBe(preparing ? 'none' : undefined);
  });

  it.each(services)(
    '%s has a limit of memory, a bounded log and a way to restart',
    (_, service) => {
      expect(service.mem_limit).toMatch(/^\d+m$/);
      expect(service.logging).toEqual({
        driver: 'json-file',
        options: { 'max-size': '10m', 'max-file': '3' },
      });
      expect(['no', 'unless-stopped']).toContain(service.restart);
    },
  );

  it.each(staying)('%s says whether it is healthy', (name, service) => {
    const stage = dockerfile
      .slice(dockerfile.indexOf(`FROM program AS ${name}\n`) + 1)
      .split('\nFROM')[0];
    expect(service.healthcheck !== undefined || stage?.includes('\nHEALTHCHECK')).toBe(true);
  });

  it('stays under 4 GB, even where all use up their limits', () => {
    const sum = staying.reduce((bytes, [, { mem_limit = '0m' }]) => bytes + bytesOf(mem_limit), 0);
    expect(sum).toBeLessThan(mostBytes);
  });

  it('waits for health, and for the end of one-shots', () => {
    for (const [, { depends_on }] of services)
      for (const [name, { condition }] of Object.entries(depends_on)) {
        const needed = named(name);
        if (needed === undefined) throw new Error(`${name} is no service`);
        expect([name, condition]).toEqual([
          name,
          isOneShot(needed) ? 'service_completed_successfully' : 'service_healthy',
        ]);
      }
  });

  it('is reached through the gateway alone, on this machine alone', () => {
    const open = services.filter(([, { ports }]) => ports.length > 0);
    expect(open.map(([name]) => name)).toEqual(['gateway']);
    for (const port of open.flatMap(([, { ports }]) => ports))
      expect(port).toMatch(
        /^\$\{NEWSCIENCE_BIND:-127\.0\.0\.1\}:\$\{NEWSCIENCE_[A-Z_]*PORT:-\d+\}:\d+$/,
      );
    expect(compose.networks['back']).toMatchObject({ internal: true });
    for (const [name, { networks, network_mode }] of services)
      if (network_mode === undefined)
        expect([name, networks]).toEqual([name, name === 'gateway' ? ['back', 'front'] : ['back']]);
  });
});

describe('secrets', () => {
  const settled = settleSecrets({ environment: {}, file: new Map(), vault: new Map() });
  if (!settled.ok) throw new Error(settled.error.join());
  const folders = secretFolders(settled.value.secrets).map(({ name }) => name);
  const secretVolumes = Object.keys(compose.volumes).filter((name) => name.startsWith('secrets-'));

  it('may all be given by the environment', () => {
    const { environment = {} } = named('secrets') ?? {};
    const taken = Object.entries(environment).filter(([name]) => name.startsWith(prefix));
    expect(Object.fromEntries(taken)).toEqual(
      Object.fromEntries(secretNames.map((name) => [`${prefix}${name}`, `\${${prefix}${name}:-}`])),
    );
  });

  it('are each in a volume that its own container sees, read-only, and no other does', () => {
    expect(secretVolumes.sort()).toEqual(
      [...folders.map((name) => `secrets-${name}`), 'secrets-vault'].sort(),
    );
    for (const [name, { volumes }] of services) {
      const seen = volumes.filter((volume) => volume.startsWith('secrets-'));
      if (name === 'secrets') expect(seen).toHaveLength(secretVolumes.length);
      else if (name === 'samples') expect(seen).toEqual(['secrets-monolith:/run/secrets:ro']);
      else if (folders.includes(name)) expect(seen).toEqual([`secrets-${name}:/run/secrets:ro`]);
      else expect([name, seen]).toEqual([name, []]);
    }
  });

  it('are named as files, never given as values', () => {
    for (const [name, { environment }] of services)
      for (const [variable, value] of Object.entries(environment)) {
        if (name === 'secrets' || !/PASSWORD|SECRET|TOKEN|DATABASE_URL|ADMIN_URL/.test(variable))
          continue;
        expect([variable, value]).toEqual([
          expect.stringMatching(/_FILE$/),
          expect.stringMatching(/^\/run\/secrets\/[a-z-]+$/),
        ]);
      }
    expect(composeText).not.toMatch(/:\/\/[^/\s'"]+:[^/\s'"@]+@/);
  });

  const inGit = existsSync(join(root, '.git')) ? it : it.skip;
  inGit('are not in git', () => {
    const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).split('\n');
    const suspicious = tracked.filter((file) =>
      /(^|\/)(\.env(\..*)?|credentials\.json|instance\.json|[^/]*\.(secret|pem|key|p12))$/.test(
        file,
      ),
    );
    expect(suspicious).toEqual([]);
    const ignored = (path: string) => {
      execFileSync('git', ['check-ignore', '--quiet', path], { cwd: root });
    };
    expect(() => ignored('.env')).not.toThrow();
    expect(() => ignored('.newscience-compose/.env')).not.toThrow();
  });
});
