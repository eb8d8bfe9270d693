/** Eleven hues around the circle, in degrees of OKLCH. */
const hues = [20, 50, 85, 130, 160, 190, 220, 255, 285, 320, 350] as const;

export const tones = hues.length;

/** What stands behind the classes of a motif: `0` the ground, `1` strongest to `3` faintest, `x` the spark. */
type Palette = Record<'0' | '1' | '2' | '3' | 'x', string>;

/** OKLCH to `#rrggbb`; what sRGB cannot show is clipped. Coefficients from CSS Color 4. */
function hex(lightness: number, chroma: number, hue: number): string {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  const channel = (value: number) => {
    const encoded = value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055;
    const byte = Math.round(255 * Math.min(1, Math.max(0, encoded)));
    return byte.toString(16).padStart(2, '0');
  };
  return `#${linear.map(channel).join('')}`;
}

function palette(tone: number, ground: 'day' | 'night'): Palette {
  const hue = hues[tone % tones] ?? hues[0];
  return ground === 'day'
    ? {
        '0': hex(0.95, 0.025, hue),
        '1': hex(0.4, 0.12, hue),
        '2': hex(0.66, 0.13, hue),
        '3': hex(0.86, 0.06, hue),
        x: hex(0.8, 0.16, 80),
      }
    : {
        '0': hex(0.3, 0.075, hue),
        '1': hex(0.93, 0.05, hue),
        '2': hex(0.7, 0.12, hue),
        '3': hex(0.46, 0.1, hue),
        x: hex(0.84, 0.16, 85),
      };
}

const isPaint = (letter: string): letter is keyof Palette => '0123x'.includes(letter);

/**
 * Puts colours in place of classes: as attributes, because a strict policy lets no picture style itself.
 * `f…` fills, `s…` draws lines, `round` rounds their ends.
 */
export function paint(svg: string, tone: number, ground: 'day' | 'night'): string {
  const colours = palette(tone, ground);
  const painted = svg.replace(
    /class="([fs])(.)( round)?"/g,
    (all, kind: string, letter: string, round?: string) => {
      if (!isPaint(letter)) return all;
      const colour = `${kind === 'f' ? 'fill' : 'stroke'}="${colours[letter]}"`;
      return round === undefined ? colour : `${colour} stroke-linecap="round"`;
    },
  );
  return `<path fill="${colours['0']}" d="M0 0h320v200H0z"/>${painted}`;
}
