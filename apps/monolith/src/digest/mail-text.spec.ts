import { describe, expect, it } from '@jest/globals';
import type { ArtHdr } from '../articles/art-int.ts';
import { mailTextOf } from './mail-text.ts';

const hdr = (n: number, over: Partial<ArtHdr> = {}): ArtHdr => ({
  artId: n,
  artRef: `art-${n}`,
  ttl: `Title ${n}`,
  kick: null,
  smry: null,
  sectCd: 'space',
  sectNm: 'Space',
  sts: 'P',
  embTs: null,
  pubTs: new Date(0),
  wdrTs: null,
  crtTs: new Date(0),
  updTs: new Date(0),
  rev: 1,
  ownUsrId: null,
  typ: null,
  bdyKnd: null,
  srcNm: null,
  srcUrl: null,
  licNm: null,
  licUrl: null,
  auts: ['Ada'],
  tops: [],
  ...over,
});
const digest = (hdrs: ArtHdr[], nm = 'Grace') =>
  mailTextOf({
    nm,
    dy: '2026-03-01',
    hdrs,
    siteUrl: 'https://ns.example',
    unsubscribeUrl: 'https://ns.example/unsubscribe/tok',
  });

describe('a digest', () => {
  it('says in text and HTML what is new, where it is, whose it is, and how to end it', () => {
    const one = hdr(1, {
      smry: 'Short.',
      auts: ['A', 'B', 'C', 'D', 'E'],
      srcNm: 'eLife',
      licNm: 'CC BY 4.0',
    });
    const { subject, text, html } = digest([one]);
    expect(subject).toBe('New Science, 2026-03-01: 1 new article');
    for (const part of [
      'Hello Grace',
      'Title 1',
      'Space · A, B, C and 2 more',
      'Short.',
      'eLife, CC BY 4.0',
      'https://ns.example/articles/art-1',
      'https://ns.example/unsubscribe/tok',
    ]) {
      expect(text).toContain(part);
      expect(html).toContain(part);
    }
  });

  it('lists 30 and counts the rest', () => {
    const thirty = digest(Array.from({ length: 30 }, (_, n) => hdr(n)));
    expect(thirty.subject).toContain('30 new articles');
    expect(thirty.text).not.toContain('more:');
    const more = digest(Array.from({ length: 32 }, (_, n) => hdr(n)));
    expect(more.text).toContain('2 more: https://ns.example/');
    expect(more.html).toContain('>2 more</a>');
    expect(more.text).not.toContain('Title 30');
  });

  it('lets nothing of an article or a name become markup', () => {
    const evil = `"><script>alert('x')</script>&`;
    const { html, text } = digest(
      [hdr(1, { ttl: evil, smry: evil, auts: [evil], sectNm: evil, srcNm: evil, licNm: evil })],
      evil,
    );
    expect(html).not.toContain('<script');
    expect(
      html.split('&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;'),
    ).toHaveLength(8);
    expect(text).toContain(evil);
  });
});
