/** A piece of an article's body. */
export type Block = { kind: 'heading' | 'text'; text: string };

const longestHeading = 90;

/**
 * Whether a paragraph of plain text stands for a heading: one short line that starts like a title and does not
 * end like a sentence (a question may).
 */
function isHeading(text: string): boolean {
  return (
    text.length <= longestHeading &&
    !text.includes('\n') &&
    /^[\p{Lu}\p{N}]/u.test(text) &&
    !/[.!:;,…"”’)\]]$/u.test(text)
  );
}

/** A body as paragraphs and headings; blank lines split. What comes first and last is always text. */
export function blocksOf(body: string): Block[] {
  const texts = body
    .split(/\n[^\S\n]*\n\s*/)
    .map((text) => text.trim())
    .filter((text) => text !== '');
  return texts.map((text, index) => ({
    kind: index > 0 && index < texts.length - 1 && isHeading(text) ? 'heading' : 'text',
    text,
  }));
}

/** Minutes of reading at 230 words a minute, at least 1. */
export function minutesOf(body: string): number {
  return Math.max(1, Math.round(body.split(/\s+/).length / 230));
}
