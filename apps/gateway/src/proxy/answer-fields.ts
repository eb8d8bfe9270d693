import { fieldsNamedBy, hopByHop, withoutFields } from './hop-by-hop.ts';

/** An upstream's header section without what belongs to its connection, in its order and case. */
export type AnswerFields = {
  forward: string[];
  /** A `Trailer` field announces trailers; only a chunked answer can have them. */
  announcesTrailers: boolean;
  hasLength: boolean;
  /** The upstream used a transfer coding besides chunked, which cannot be undone here. */
  unknownCoding: boolean;
  /** Neither a length nor chunks: the end of the connection is the end of the body. */
  untilClose: boolean;
  upgrade: string | undefined;
};

type Special = 'dropped' | 'connection' | 'upgrade' | 'transfer-encoding' | 'trailer' | 'length';

const specials = new Map<string, Special>([
  ...hopByHop.map((name) => [name, 'dropped'] as const),
  ['connection', 'connection'],
  ['upgrade', 'upgrade'],
  ['transfer-encoding', 'transfer-encoding'],
  ['trailer', 'trailer'],
  ['content-length', 'length'],
]);

const specialLengths = Array.from({ length: 32 }, (_, length) =>
  [...specials.keys()].some((name) => name.length === length),
);

/** @param raw name, value, name, value, ... as undici read them */
export function readAnswerFields(raw: readonly (Buffer | string)[]): AnswerFields {
  const forward: string[] = [];
  let named: string[] | undefined;
  let announcesTrailers = false;
  let hasLength = false;
  let chunked = false;
  let unknownCoding = false;
  let upgrade: string | undefined;
  for (let at = 0; at < raw.length; at += 2) {
    const name = text(raw[at]);
    const value = text(raw[at + 1]);
    const special =
      specialLengths[name.length] === true ? specials.get(name.toLowerCase()) : undefined;
    switch (special) {
      case undefined:
        break;
      case 'dropped':
        continue;
      case 'connection': {
        const names = fieldsNamedBy(value);
        if (names !== undefined) named = [...(named ?? []), ...names];
        continue;
      }
      case 'upgrade':
        upgrade = value;
        continue;
      case 'transfer-encoding':
        if (value.toLowerCase() === 'chunked') chunked = true;
        else unknownCoding = true;
        continue;
      case 'trailer':
        announcesTrailers = true;
        break;
      case 'length':
        hasLength = true;
        break;
    }
    forward.push(name, value);
  }
  return {
    forward: named === undefined ? forward : withoutFields(forward, droppedBy(named)),
    announcesTrailers,
    hasLength,
    unknownCoding,
    untilClose: !hasLength && !chunked,
    upgrade,
  };
}

/** Trailers as they came, as pairs. */
export function readTrailers(raw: readonly (Buffer | string)[]): [string, string][] {
  const trailers: [string, string][] = [];
  for (let at = 0; at < raw.length; at += 2) trailers.push([text(raw[at]), text(raw[at + 1])]);
  return trailers;
}

function droppedBy(named: readonly string[]): Set<string> {
  return new Set(named.filter((name) => name !== 'content-length'));
}

function text(value: Buffer | string | undefined): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : value.toString('latin1');
}
