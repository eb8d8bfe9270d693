import { describe, expect, it } from '@jest/globals';
import { chanceOf } from './chance.ts';
import { paint } from './palette.ts';
import { pictureOf, toneOf } from './section-motifs.ts';

const sections = [
  'health-and-medicine',
  'archaeology-and-society',
  'research-culture',
  'plants-animals-and-ecology',
  'microbes-and-immunity',
  'earth-and-environment',
  'cells-and-molecules',
  'technology',
  'space-and-physics',
  'neuroscience',
  'genes-and-evolution',
  'anything-else',
];

describe('pictures', () => {
  it('are the same for the same article, and different for another', () => {
    for (const section of sections) {
      expect(pictureOf(section, 'one')).toBe(pictureOf(section, 'one'));
      expect(pictureOf(section, 'one')).not.toBe(pictureOf(section, 'two'));
    }
  });

  it('are small, made of shapes with numbers and colours alone, whatever the seed', () => {
    const shape =
      /^<svg [^<>]*>(<(path|circle|ellipse|g)( (d|cx|cy|r|rx|ry|fill|stroke|stroke-width|stroke-linecap|stroke-dasharray|transform)="[\w.,#() -]*")*\/?>|<\/g>)+<\/svg>$/;
    for (const section of [...sections, '"><script>', '']) {
      for (const seed of [
        'a',
        'ns-why-the-sky-is-blue',
        '<script>alert(1)</script>',
        '日本語',
        '',
      ]) {
        const picture = pictureOf(section, seed);
        expect(shape.test(picture)).toBe(true);
        expect(picture).not.toMatch(/NaN|Infinity|undefined|class=/);
        expect(picture.length).toBeLessThan(32_000);
      }
    }
  });

  it('give each section a colour of its own, and one of them to sections nobody drew for', () => {
    const known = sections.slice(0, 11).map(toneOf);
    expect(new Set(known).size).toBe(11);
    expect(known).toContain(toneOf('a-new-section'));
  });
});

describe('paint', () => {
  it('turns classes into colours, and leaves what it does not know', () => {
    expect(paint('<path class="s1 round" d="M0 0"/><path class="zz"/>', 3, 'day')).toMatch(
      /^<path fill="#[0-9a-f]{6}" d="M0 0h320v200H0z"\/><path stroke="#[0-9a-f]{6}" stroke-linecap="round" d="M0 0"\/><path class="zz"\/>$/,
    );
  });
});

describe('chance', () => {
  it('stays within its bounds', () => {
    const { between, whole, chance } = chanceOf('seed');
    const drawn = Array.from({ length: 2000 }, () => whole(1, 3));
    expect(new Set(drawn)).toEqual(new Set([1, 2, 3]));
    for (let turn = 0; turn < 500; turn += 1) {
      const value = between(-2, 5);
      expect(value >= -2 && value < 5).toBe(true);
    }
    expect([chance(0), chance(1)]).toEqual([false, true]);
  });
});
