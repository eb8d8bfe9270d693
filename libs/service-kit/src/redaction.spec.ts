import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { isSecretName, maskText, redact } from './redaction.ts';
import { Secret } from './secret.ts';

describe('isSecretName', () => {
  it.each([
    'password',
    'newPassword',
    'PASSWD',
    'access_token',
    'Authorization',
    'set-cookie',
    'x-api-key',
    'client_secret',
    '_csrf',
    'privateKey',
    'sessionId',
    'pwd_hsh',
  ])('%s is one', (name) => {
    expect(isSecretName(name)).toBe(true);
  });
  it.each(['title', 'keywords', 'monkey', 'name', 'session', 'author', 'key'])(
    '%s is none',
    (name) => {
      expect(isSecretName(name)).toBe(false);
    },
  );
});

describe('maskText', () => {
  it.each([
    ['postgres://app:hunter2@h:5432/d', 'postgres://[hidden]@h:5432/d'],
    [
      'at postgres://a:hunter2@h/d and redis://:hunter2@r',
      'at postgres://[hidden]@h/d and redis://[hidden]@r',
    ],
    ['https://h/p?x=1&access_token=hunter2&y=2', 'https://h/p?x=1&access_token=[hidden]&y=2'],
    ['https://h/a@b', 'https://h/a@b'],
    ['someone@example.org', 'someone@example.org'],
    ['{"url":"http://h","mail":"a@b"}', '{"url":"http://h","mail":"a@b"}'],
  ])('%s', (text, expected) => {
    expect(maskText(text)).toBe(expected);
  });
});

describe('redact', () => {
  it('hides secret fields at any level it reaches, in lists too', () => {
    const value = {
      user: { name: 'A', password: 'hunter2' },
      list: [{ token: 'hunter2' }, 'postgres://u:hunter2@h/d'],
    };
    expect(redact(value)).toEqual({
      user: { name: 'A', password: '[hidden]' },
      list: [{ token: '[hidden]' }, 'postgres://[hidden]@h/d'],
    });
    expect(value.user.password).toBe('hunter2');
  });

  it('hides whole objects under a secret name, and shows that one is missing', () => {
    expect(redact({ credentials: { user: 'a' }, token: null, cookie: undefined })).toEqual({
      credentials: '[hidden]',
      token: null,
      cookie: undefined,
    });
  });

  it('makes objects of errors, with their causes and fields', () => {
    const cause = Object.assign(new Error('cannot reach postgres://u:hunter2@h/d'), {
      code: 'ECONNREFUSED',
      password: 'hunter2',
    });
    const shown = redact({ err: new AggregateError([cause], 'all failed', { cause }) });
    expect(JSON.stringify(shown)).not.toContain('hunter2');
    expect(shown).toMatchObject({
      err: {
        type: 'AggregateError',
        message: 'all failed',
        cause: { code: 'ECONNREFUSED' },
        errors: [{ type: 'Error' }],
      },
    });
  });

  it('leaves dates, bytes and secrets to themselves, and masks URLs', () => {
    const date = new Date(0);
    const shown = redact({
      date,
      bytes: Buffer.from('x'),
      key: new Secret('hunter2'),
      at: new URL('http://u:hunter2@h/'),
    });
    expect(JSON.stringify(shown)).not.toContain('hunter2');
    expect(shown).toMatchObject({ date, at: 'http://[hidden]@h/' });
  });

  it('ends in a circle', () => {
    const circle: { self?: unknown; token: string } = { token: 'hunter2' };
    circle.self = circle;
    expect(JSON.stringify(redact(circle))).toContain('[deeper]');
  });

  it('shows no secret, whatever the shape', () => {
    const leaf = fc.oneof(
      fc.integer(),
      fc.boolean(),
      fc.constant('harmless'),
      fc.constant('http://u:hunter2@h'),
    );
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'medium' },
        leaf,
        fc.array(tie('value')),
        fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'constructor'), tie('value')),
        fc.record({
          password: fc.constant('hunter2'),
          accessToken: fc.constant({ x: 'hunter2' }),
          rest: tie('value'),
        }),
      ),
    }));
    fc.assert(fc.property(value, (given) => !JSON.stringify([redact(given)]).includes('hunter2')));
  });
});
