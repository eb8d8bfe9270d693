import { describe, expect, it } from '@jest/globals';

import { fewestCharacters, newSecret, prefix, secretNames } from './secret-list.ts';
import { settleSecrets, type Sources } from './settle-secrets.ts';

const nothing: Sources = { environment: {}, file: new Map(), vault: new Map() };
const operator = `${prefix}OPERATOR_PASSWORD`;

describe('the secrets of a stack', () => {
  it('are all made where none is there, each another one', () => {
    const settled = settleSecrets(nothing);
    if (!settled.ok) throw new Error(settled.error.join());
    const { secrets, origins } = settled.value;
    expect(Object.keys(secrets).sort()).toEqual([...secretNames].sort());
    expect(new Set(Object.values(secrets)).size).toBe(secretNames.length);
    expect(new Set(Object.values(origins))).toEqual(new Set(['new']));
  });

  it.each([
    ['environment', 'env-env-env', 'file-file-file', 'vault-vault'],
    ['file', '', 'file-file-file', 'vault-vault'],
    ['vault', '', '', 'vault-vault'],
    ['new', '', '', ''],
  ])('come from the first place that has them: %s', (origin, environment, file, vault) => {
    const settled = settleSecrets(
      {
        environment: { [operator]: environment },
        file: new Map([[operator, file]]),
        vault: new Map([[operator, vault]]),
      },
      () => 'made-just-now-and-long-enough-for-all',
    );
    expect(settled).toMatchObject({ ok: true, value: { origins: { OPERATOR_PASSWORD: origin } } });
  });

  it.each(secretNames)('%s is made long enough', (name) => {
    expect(newSecret(name).length).toBeGreaterThanOrEqual(fewestCharacters(name));
    expect(newSecret(name)).not.toBe(newSecret(name));
  });

  it('are refused where they are too short by one, and taken where they just are not', () => {
    const name = `${prefix}MONOLITH_KEY_ENCRYPTION_SECRET`;
    const taken = settleSecrets({ ...nothing, environment: { [name]: 'x'.repeat(32) } });
    expect(taken.ok).toBe(true);
    const refused = settleSecrets({ ...nothing, environment: { [name]: 'x'.repeat(31) } });
    expect(refused).toMatchObject({ ok: false });
  });

  it('are refused all at once, without a value', () => {
    const settled = settleSecrets({
      environment: { [operator]: 'hunter2' },
      file: new Map([[`${prefix}EDITOR_PASSWORD`, "hunter2's own secret"]]),
      vault: new Map(),
    });
    if (settled.ok) throw new Error('taken');
    expect(settled.error).toEqual([
      `${operator} (from the environment) is shorter than 10 characters: give a longer one`,
      `${prefix}EDITOR_PASSWORD (from the file) has a quote or a control character: leave it out`,
    ]);
  });
});
