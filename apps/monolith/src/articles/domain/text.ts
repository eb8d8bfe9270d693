/** Limits of an article's fields: characters, entries, and bytes of the body (UTF-8). */
export const limits = {
  title: 300,
  kicker: 200,
  summary: 2_000,
  bodyBytes: 524_288,
  authors: 500,
  topics: 30,
  keywords: 60,
  related: 60,
  name: 200,
  link: 2_000,
  reference: 120,
} as const;

/** What separates keywords where they are stored as one text. */
export const keywordSeparator = '|';

const refPattern = /^[a-z0-9][a-z0-9._-]*$/;
const encoder = new TextEncoder();

/** Bytes of a text in UTF-8. */
export function bytesOf(text: string): number {
  return encoder.encode(text).length;
}

/** Whether a text can be kept as it is: no lone surrogates, no control characters but tab and (in bodies) line feed. */
export function isCleanText(text: string, lines: boolean): boolean {
  const control = lines ? /[\u0000-\u0008\u000b-\u001f\u007f]/ : /[\u0000-\u001f\u007f]/;
  return text.isWellFormed() && !control.test(text);
}

/** Whether a public article id has the right form: lower-case letters, digits, dot, underscore, hyphen; 1 to 120. */
export function isReference(text: string): boolean {
  return text.length <= limits.reference && refPattern.test(text);
}

/** Whether a link leads to the web: absolute and http or https, so that no page offers a script as a link. */
export function isWebLink(text: string): boolean {
  const url = URL.parse(text);
  return (
    url !== null &&
    (url.protocol === 'http:' || url.protocol === 'https:') &&
    text.length <= limits.link
  );
}

/**
 * Line ends as LF, no spaces at line ends, paragraphs split by one blank line. Works line by line: a
 * pattern that looks for spaces before a line end takes quadratic time on a long run of spaces.
 */
export function normaliseBody(text: string): string {
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  const kept: string[] = [];
  for (const line of lines.map((raw) => raw.trimEnd())) {
    if (line !== '' || kept.at(-1) !== '') kept.push(line);
  }
  return kept.join('\n').trim();
}
