import { describe, expect, it } from '@jest/globals';

import { hostFiles } from './host-files.ts';
import { secretFolders } from './secret-files.ts';
import { secretNames, type Secrets } from './secret-list.ts';
import { settleSecrets } from './settle-secrets.ts';

function someSecrets(): Secrets {
  const settled = settleSecrets(
    { environment: {}, file: new Map(), vault: new Map() },
    (name) => `${name}/with:odd@characters-and-long-enough`,
  );
  if (!settled.ok) throw new Error(settled.error.join());
  return settled.value.secrets;
}

const folders = secretFolders(someSecrets());
const filesOf = (name: string) => folders.find((folder) => folder.name === name)?.files ?? {};

/** The secrets that can be read in a folder, encoded or not. */
function secretsIn(name: string): string[] {
  const text = decodeURIComponent(Object.values(filesOf(name)).join('\n'));
  return secretNames.filter((secret) => text.includes(`${secret}/with:`));
}

describe('secret files', () => {
  it('show each container its own secrets and no other', () => {
    expect(secretsIn('postgres')).toEqual(['POSTGRES_PASSWORD']);
    expect(secretsIn('gateway')).toEqual(['GATEWAY_PASSWORD']);
    expect(secretsIn('gateway-migrate')).toEqual(['GATEWAY_OWNER_PASSWORD']);
    expect(secretsIn('activity-service')).toEqual(['ACTIVITY_SERVICE_PASSWORD']);
    expect(secretsIn('migrator')).toEqual(['MIGRATOR_PASSWORD', 'LEGACY_CAPTURE_PASSWORD']);
    expect(secretsIn('monolith-migrate')).toEqual(['MONOLITH_OWNER_PASSWORD']);
    expect(secretsIn('monolith')).toEqual([
      'MONOLITH_PASSWORD',
      'MONOLITH_KEY_ENCRYPTION_SECRET',
      'OPERATOR_PASSWORD',
      'EDITOR_PASSWORD',
    ]);
  });

  it('leave no secret without a use', () => {
    const used = new Set(folders.flatMap(({ name }) => secretsIn(name)));
    expect([...used].sort()).toEqual([...secretNames].sort());
  });

  it('hold URLs that PostgreSQL understands, whatever characters a password has', () => {
    const url = new URL(filesOf('activity-service')['database-url'] ?? '');
    expect([url.hostname, url.pathname, url.username, decodeURIComponent(url.password)]).toEqual([
      'postgres',
      '/activity_service',
      'activity_service',
      'ACTIVITY_SERVICE_PASSWORD/with:odd@characters-and-long-enough',
    ]);
  });

  it('belong to the account that reads them', () => {
    expect(folders.map(({ name, account }) => [name, account])).toContainEqual(['postgres', 999]);
    expect(folders.filter(({ account }) => account === 1000)).toHaveLength(folders.length - 1);
  });
});

describe('the files for the command lines', () => {
  it('have the shape of those of npm start, and no secret but the two accounts', () => {
    const files = hostFiles({
      secrets: someSecrets(),
      siteUrl: 'http://127.0.0.1:8080',
      operatorUrl: 'http://127.0.0.1:8081',
      more: ' migrator=http://127.0.0.1:8083, activity-service=http://127.0.0.1:8084',
    });
    expect(JSON.parse(files['instance.json'])).toEqual({
      url: 'http://127.0.0.1:8080',
      operatorUrl: 'http://127.0.0.1:8081',
      services: [
        { name: 'gateway', url: 'http://127.0.0.1:8081' },
        { name: 'migrator', url: 'http://127.0.0.1:8083' },
        { name: 'activity-service', url: 'http://127.0.0.1:8084' },
      ],
    });
    expect(JSON.parse(files['credentials.json'])).toEqual({
      operator: {
        email: 'operator@newscience.example',
        password: 'OPERATOR_PASSWORD/with:odd@characters-and-long-enough',
      },
      editor: {
        email: 'editor@newscience.example',
        password: 'EDITOR_PASSWORD/with:odd@characters-and-long-enough',
      },
    });
  });
});
