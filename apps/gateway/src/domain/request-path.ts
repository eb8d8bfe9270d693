/**
 * What a request's target is for the purpose of matching. Only the decision is made on this view: what
 * goes to the upstream is what the client sent, byte for byte.
 *
 * A path that two servers could read differently is ambiguous, and an ambiguous path is never steered:
 * it stays with the default route, whose server decided about such paths before there was a facade.
 */
export type RequestPath =
  { kind: 'clear'; segments: readonly string[] } | { kind: 'ambiguous'; because: Ambiguity };

export type Ambiguity =
  | 'not_a_path'
  | 'empty_segment'
  | 'dot_segment'
  | 'bad_encoding'
  | 'double_encoding'
  | 'forbidden_character';

export const AMBIGUITY_IN_WORDS: Readonly<Record<Ambiguity, string>> = {
  not_a_path: 'the request target is not a path',
  empty_segment: 'the path has an empty segment ("//"), which some servers drop and others keep',
  dot_segment:
    'the path has a "." or ".." segment (plain or encoded), which some servers resolve and others keep',
  bad_encoding: 'the path has a "%" that is not followed by valid UTF-8 in two-digit hexadecimals',
  double_encoding:
    'the path has an encoded "%" before an encoded separator or dot, which some servers decode twice',
  forbidden_character: 'the path has a character that a URL cannot hold',
};

// A control character, a space, anything beyond ASCII, or one that URL parsers turn into something else.
const FORBIDDEN_RAW = /[^\x21-\x7e]|[\\#]/;
const FORBIDDEN_DECODED = /[\x00-\x1f\x7f]/;
const NEEDS_A_LOOK = /[^\x21-\x7e]|[\\#%]|\/\/|\/\./;
const ENCODED_TWICE = /%(?:2e|2f|5c|25|00)/i;

/** Reads a request target (path and query, or the absolute form) into decoded segments. `/` has none. */
export function readRequestPath(target: string): RequestPath {
  const raw = pathOf(target);
  if (raw === undefined) return ambiguous('not_a_path');
  if (raw === '/') return { kind: 'clear', segments: [] };
  const end = raw.endsWith('/') ? raw.length - 1 : raw.length;
  const parts = raw.slice(1, end).split('/');
  if (!NEEDS_A_LOOK.test(raw)) return { kind: 'clear', segments: parts };

  if (FORBIDDEN_RAW.test(raw)) return ambiguous('forbidden_character');
  const segments: string[] = [];
  for (const part of parts) {
    const segment = decode(part);
    if (segment === undefined) return ambiguous('bad_encoding');
    const reason = whyUnclear(segment);
    if (reason !== undefined) return ambiguous(reason);
    segments.push(segment);
  }
  return { kind: 'clear', segments };
}

/**
 * `%2F` and `%5C` are data inside a segment (RFC 3986, 2.2), so they can never complete a literal; but a
 * server that takes them for separators must not arrive at another directory either.
 */
function whyUnclear(segment: string): Ambiguity | undefined {
  for (const piece of segment.split(/[/\\]/)) {
    if (piece === '') return 'empty_segment';
    if (piece === '.' || piece === '..') return 'dot_segment';
  }
  if (FORBIDDEN_DECODED.test(segment)) return 'forbidden_character';
  if (ENCODED_TWICE.test(segment)) return 'double_encoding';
  return undefined;
}

function pathOf(target: string): string | undefined {
  const query = target.indexOf('?');
  const whole = query === -1 ? target : target.slice(0, query);
  if (whole.startsWith('/')) return whole;
  const authority = /^https?:\/\/[^/]+/i.exec(whole);
  if (authority === null) return undefined;
  return whole.slice(authority[0].length) || '/';
}

function decode(part: string): string | undefined {
  if (!part.includes('%')) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

function ambiguous(because: Ambiguity): RequestPath {
  return { kind: 'ambiguous', because };
}
