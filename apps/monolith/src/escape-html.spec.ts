import { describe, expect, it } from '@jest/globals';
import { escapeHtml } from './escape-html.ts';

describe('escaping', () => {
  it('covers all that ends text or an attribute', () => {
    expect(escapeHtml(`&<>"'a`)).toBe('&amp;&lt;&gt;&quot;&#39;a');
  });
});
