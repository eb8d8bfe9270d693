/**
 * Lower-case ASCII words with hyphens, made of a name; accents are dropped. Ends at a word within `max`
 * characters. A name without a single Latin letter or digit gives `fallback`.
 */
export function slugOf(name: string, max: number, fallback: string): string {
  const words = name
    .normalize('NFKD')
    .replace(/[\u0300-\u036f'’]/g, '')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  let slug = '';
  for (const word of words) {
    const longer = slug === '' ? word.slice(0, max) : `${slug}-${word}`;
    if (longer.length > max) break;
    slug = longer;
  }
  return slug === '' ? fallback : slug;
}
