import type { RouteFault } from './fault.ts';
import { err, ok, type Result } from './result.ts';

/**
 * One step of a pattern: a literal is compared as it stands (case counts), a param takes exactly one
 * non-empty segment, a tail (`*`, last only) takes one or more, like an API Gateway's greedy `{proxy+}`.
 */
export type PatternSegment =
  { kind: 'literal'; text: string } | { kind: 'param'; name: string } | { kind: 'tail' };

export type PathPattern = { source: string; segments: readonly PatternSegment[] };

export const MAX_PATTERN_LENGTH = 512;
export const MAX_PATTERN_SEGMENTS = 32;

type Slip = { position: number; problem: string; remedy: string };

const PARAM_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,31}$/;

/** What to write instead of a character that a literal cannot hold. */
const INSTEAD_OF: Readonly<Record<string, string>> = {
  '*': 'use "*" alone, as the last segment, for everything below',
  ':': 'use ":" only as the first character of a segment that names a parameter, as in "/articles/:id"',
  '{': 'write a parameter as ":id", not "{id}"',
  '}': 'write a parameter as ":id", not "{id}"',
  '?': 'leave the query out: routes are chosen by path and method alone',
  '#': 'leave the fragment out: it never reaches a server',
  '%': 'write the character itself: the pattern is compared with the decoded path',
  '\\': 'use "/" between segments',
};

/** Reads a pattern as an operator writes it; all faults at once, each with its position in the text. */
export function parsePathPattern(source: string): Result<PathPattern, RouteFault[]> {
  const slips: Slip[] = [];
  const say = (position: number, problem: string, remedy: string) =>
    slips.push({ position, problem, remedy });
  const segments: PatternSegment[] = [];

  if (!source.startsWith('/')) say(1, 'a path pattern starts with "/"', `write "/${source}"`);
  if (source.length > MAX_PATTERN_LENGTH) {
    say(
      MAX_PATTERN_LENGTH + 1,
      `the pattern has ${source.length} characters, the most is ${MAX_PATTERN_LENGTH}`,
      'end it earlier with "*"',
    );
  }
  if (slips.length === 0 && source !== '/') {
    const texts = source.slice(1).split('/');
    if (texts.length > MAX_PATTERN_SEGMENTS) {
      say(
        1,
        `the pattern has ${texts.length} segments, the most is ${MAX_PATTERN_SEGMENTS}`,
        'end it earlier with "*"',
      );
    }
    let position = 2;
    texts.forEach((text, index) => {
      const segment = readSegment(text, position, index === texts.length - 1, say);
      if (segment !== undefined) segments.push(segment);
      position += text.length + 1;
    });
    checkParamNames(segments, source, say);
  }
  if (slips.length === 0) return ok({ source, segments });
  return err(
    slips.map((slip) => ({ code: 'path_invalid', pointer: '/path', value: source, ...slip })),
  );
}

type Say = (position: number, problem: string, remedy: string) => void;

function readSegment(
  text: string,
  position: number,
  last: boolean,
  say: Say,
): PatternSegment | undefined {
  if (text === '') {
    if (last)
      say(
        position - 1,
        'the pattern ends with "/"',
        'leave the last "/" out: a path matches with and without it',
      );
    else say(position, 'an empty segment', 'write one "/" between segments');
    return undefined;
  }
  if (text === '.' || text === '..') {
    say(
      position,
      `"${text}" is not a segment that a request can have`,
      'write the path that it leads to',
    );
    return undefined;
  }
  if (text === '*') {
    if (last) return { kind: 'tail' };
    say(
      position,
      '"*" before the end of the pattern',
      'use ":name" for one segment in the middle, "*" only as the last segment',
    );
    return undefined;
  }
  if (text.startsWith(':')) {
    const name = text.slice(1);
    if (PARAM_NAME.test(name)) return { kind: 'param', name };
    say(
      position,
      `"${name}" is not a parameter name`,
      'use letters, digits and "_", starting with a letter, at most 32',
    );
    return undefined;
  }
  return readLiteral(text, position, say);
}

const UNFIT = /[*:{}?#%\\]|[\s\p{Cc}\p{Cf}\p{Cs}]/u;

function readLiteral(text: string, position: number, say: Say): PatternSegment | undefined {
  const unfit = UNFIT.exec(text);
  if (unfit === null) return { kind: 'literal', text };
  const [character] = unfit;
  const remedy = INSTEAD_OF[character] ?? 'use visible characters only';
  say(position + unfit.index, `"${character}" cannot be part of a literal segment`, remedy);
  return undefined;
}

function checkParamNames(segments: readonly PatternSegment[], source: string, say: Say): void {
  const seen = new Set<string>();
  for (const segment of segments) {
    if (segment.kind !== 'param') continue;
    if (seen.has(segment.name))
      say(
        source.lastIndexOf(`:${segment.name}`) + 1,
        `":${segment.name}" is named twice`,
        'give each parameter its own name',
      );
    seen.add(segment.name);
  }
}

/** True where the pattern takes the path. The plain reading of the rules; the compiled matcher must agree with it. */
export function patternTakes(pattern: PathPattern, path: readonly string[]): boolean {
  return firstMismatch(pattern, path) === undefined;
}

/** Why a pattern does not take a path, in words; `undefined` where it does. */
export function firstMismatch(pattern: PathPattern, path: readonly string[]): string | undefined {
  const { segments } = pattern;
  for (const [index, segment] of segments.entries()) {
    const got = path[index];
    if (segment.kind === 'tail') {
      return got === undefined
        ? 'the path ends where "*" wants at least one more segment'
        : undefined;
    }
    if (got === undefined) return `the path ends before segment ${index + 1} of the pattern`;
    if (segment.kind === 'literal' && segment.text !== got) {
      return `segment ${index + 1} should be "${segment.text}", is "${got}"`;
    }
  }
  if (path.length > segments.length) return `the path goes on after segment ${segments.length}`;
  return undefined;
}

const RANK = { literal: 0, param: 1, tail: 2 } as const;
const RANK_OF_END = 3;

/**
 * Orders patterns from the most to the least specific: from the left, at the first segment that differs
 * in kind, a literal comes before a param, a param before `*`, anything before the end (longer first).
 * Zero means the same shape: both take exactly the same paths.
 */
export function compareSpecificity(a: PathPattern, b: PathPattern): number {
  const length = Math.max(a.segments.length, b.segments.length);
  for (let index = 0; index < length; index += 1) {
    const [left, right] = [a.segments[index], b.segments[index]];
    const byKind = rank(left) - rank(right);
    if (byKind !== 0) return byKind;
    if (left?.kind === 'literal' && right?.kind === 'literal' && left.text !== right.text)
      return left.text < right.text ? -1 : 1;
  }
  return 0;
}

function rank(segment: PatternSegment | undefined): number {
  return segment === undefined ? RANK_OF_END : RANK[segment.kind];
}
