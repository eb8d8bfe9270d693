import { describe, expect, it } from '@jest/globals';

import { identifier, roleUrl, serviceNames } from './service-database.ts';

describe("a service's names", () => {
  it('come from its own', () => {
    expect(serviceNames('article-service')).toEqual({
      database: 'article_service',
      owner: 'article_service_owner',
      app: 'article_service',
    });
  });

  it.each(['', 'A', 'a"b', 'a b', '1a', 'a'.repeat(64), 'ä'])('cannot be %j', (name) => {
    expect(() => identifier(name)).toThrow(RangeError);
  });
});

describe("a role's URL", () => {
  it('keeps a password with any characters', () => {
    const url = roleUrl('postgres://postgres:x@127.0.0.1:8089/postgres', 'monolith', {
      name: 'monolith',
      password: 'a/b@c:d%',
    });
    expect(url).toBe('postgres://monolith:a%2Fb%40c%3Ad%25@127.0.0.1:8089/monolith');
  });
});
