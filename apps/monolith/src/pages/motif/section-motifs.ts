import { automaton } from './automaton.ts';
import { cells } from './cells.ts';
import { chanceOf, hashOf } from './chance.ts';
import { citations } from './citations.ts';
import { dendrites } from './dendrites.ts';
import { helix } from './helix.ts';
import { interference } from './interference.ts';
import { microbes } from './microbes.ts';
import { mosaic } from './mosaic.ts';
import { orbits } from './orbits.ts';
import { paint, tones } from './palette.ts';
import { pulses } from './pulses.ts';
import { seeds } from './seeds.ts';
import { strata } from './strata.ts';
import { area } from './svg.ts';
import type { Motif } from './svg.ts';

const motifs = new Map<string, { motif: Motif; tone: number }>([
  ['health-and-medicine', { motif: pulses, tone: 0 }],
  ['archaeology-and-society', { motif: mosaic, tone: 1 }],
  ['research-culture', { motif: citations, tone: 2 }],
  ['plants-animals-and-ecology', { motif: seeds, tone: 3 }],
  ['microbes-and-immunity', { motif: microbes, tone: 4 }],
  ['earth-and-environment', { motif: strata, tone: 5 }],
  ['cells-and-molecules', { motif: cells, tone: 6 }],
  ['technology', { motif: automaton, tone: 7 }],
  ['space-and-physics', { motif: orbits, tone: 8 }],
  ['neuroscience', { motif: dendrites, tone: 9 }],
  ['genes-and-evolution', { motif: helix, tone: 10 }],
]);

/** The CSS class with a section's colour; a section that nobody drew for gets one of them. */
export function toneOf(sectCd: string): string {
  return `tone-${toneNumber(sectCd)}`;
}

function toneNumber(sectCd: string): number {
  return motifs.get(sectCd)?.tone ?? hashOf(sectCd) % tones;
}

/**
 * The picture of an article (or of whatever else the seed names), an SVG document: drawn from its section's
 * motif, always the same for the same seed. Made of numbers and fixed words alone, so that nothing in it needs
 * escaping.
 */
export function pictureOf(sectCd: string, seed: string): string {
  const motif = motifs.get(sectCd)?.motif ?? interference;
  const chance = chanceOf(`${sectCd}/${seed}`);
  const ground = chance.chance(0.5) ? 'day' : 'night';
  const drawn = paint(motif(chance), toneNumber(sectCd), ground);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${area.width}" height="${area.height}" viewBox="0 0 ${area.width} ${area.height}" preserveAspectRatio="xMidYMid slice" fill="none">${drawn}</svg>`;
}
