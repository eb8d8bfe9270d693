import { describe, expect, it } from '@jest/globals';
import {
  parseTarget,
  resolveTarget,
  targetFromText,
  targetText,
  type TargetPolicy,
} from './target.ts';

const policy: TargetPolicy = {
  upstreams: new Map([
    ['monolith', 'http://127.0.0.1:8082'],
    ['search', 'http://search.internal:9000'],
  ]),
  allowedHosts: new Set(['articles.internal']),
  own: { hosts: new Set(['gateway.internal']), ports: new Set([8080, 8081]) },
};

describe('a target', () => {
  it.each([
    ['search', { kind: 'upstream', name: 'search' }],
    ['http://127.0.0.1:9', { kind: 'origin', origin: 'http://127.0.0.1:9' }],
    ['http://127.255.0.1:9/', { kind: 'origin', origin: 'http://127.255.0.1:9' }],
    ['http://localhost:9', { kind: 'origin', origin: 'http://localhost:9' }],
    ['http://[::1]:9', { kind: 'origin', origin: 'http://[::1]:9' }],
    ['https://search.internal', { kind: 'origin', origin: 'https://search.internal' }],
    ['http://SEARCH.internal:1', { kind: 'origin', origin: 'http://search.internal:1' }],
    ['http://articles.internal', { kind: 'origin', origin: 'http://articles.internal' }],
  ])('is read: %s', (text, target) => {
    expect(parseTarget(text, policy)).toEqual({ ok: true, value: target });
  });

  it.each([
    ['serach', 'target_unknown'],
    ['', 'target_invalid'],
    ['127.0.0.1:9', 'target_invalid'],
    ['//127.0.0.1:9', 'target_invalid'],
    ['ftp://127.0.0.1', 'target_invalid'],
    ['file:///etc/passwd', 'target_invalid'],
    ['http://', 'target_invalid'],
    ['http://127.0.0.1:9/base', 'target_invalid'],
    ['http://127.0.0.1:9?x', 'target_invalid'],
    ['http://127.0.0.1:9#x', 'target_invalid'],
    ['http://user:pw@127.0.0.1:9', 'target_invalid'],
    ['http://169.254.169.254', 'target_not_allowed'],
    ['http://0.0.0.0:9', 'target_not_allowed'],
    ['http://[::ffff:127.0.0.1]:9', 'target_not_allowed'],
    ['http://[::]:9', 'target_not_allowed'],
    ['http://localhost.evil.example', 'target_not_allowed'],
    ['http://127.0.0.1.evil.example', 'target_not_allowed'],
    ['http://evil.example#search.internal', 'target_invalid'],
    ['http://10.0.0.1:8082', 'target_not_allowed'],
    ['http://127.0.0.1:8080', 'target_not_allowed'],
    ['http://localhost:8081', 'target_not_allowed'],
    ['http://127.9.9.9:8080', 'target_not_allowed'],
  ])('is refused, and the answer names what is known: %j (%s)', (text, code) => {
    const parsed = parseTarget(text, policy);
    expect(parsed).toMatchObject({ ok: false, error: { code, pointer: '/target', value: text } });
    if (code !== 'target_invalid')
      expect(parsed.ok ? '' : parsed.error.remedy).toContain('monolith, search');
  });

  it('is not the gateway by its own name either', () => {
    const wide = { ...policy, allowedHosts: new Set(['gateway.internal']) };
    expect(parseTarget('http://gateway.internal:8080', wide)).toMatchObject({
      error: { code: 'target_not_allowed' },
    });
    expect(parseTarget('http://gateway.internal:8082', wide).ok).toBe(true);
  });

  it('leads to the upstream of that name, or to the origin', () => {
    expect(resolveTarget({ kind: 'upstream', name: 'search' }, policy)).toEqual({
      name: 'search',
      origin: 'http://search.internal:9000',
    });
    expect(resolveTarget({ kind: 'origin', origin: 'http://127.0.0.1:9' }, policy)).toEqual({
      name: '127.0.0.1:9',
      origin: 'http://127.0.0.1:9',
    });
  });

  it('leads nowhere where the configuration no longer has it', () => {
    expect(resolveTarget({ kind: 'upstream', name: 'gone' }, policy)).toBeUndefined();
    expect(
      resolveTarget({ kind: 'origin', origin: 'http://gone.internal' }, policy),
    ).toBeUndefined();
    expect(
      resolveTarget({ kind: 'origin', origin: 'http://127.0.0.1:8080' }, policy),
    ).toBeUndefined();
    expect(resolveTarget({ kind: 'origin', origin: 'not a url' }, policy)).toBeUndefined();
  });

  it.each(['search', 'http://127.0.0.1:9'])('is read back from its text: %s', (text) => {
    expect(targetText(targetFromText(text))).toBe(text);
  });

  it('is written as it was read', () => {
    expect(targetText({ kind: 'upstream', name: 'search' })).toBe('search');
    expect(targetText({ kind: 'origin', origin: 'http://127.0.0.1:9' })).toBe('http://127.0.0.1:9');
  });
});
