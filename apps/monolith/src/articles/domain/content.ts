import {
  bytesOf,
  isCleanText,
  isReference,
  isWebLink,
  keywordSeparator,
  limits,
  normaliseBody,
} from './text.ts';

/** As it comes in; absent and null both mean "none". */
export type ContentInput = {
  ttl: string;
  kick?: string | null;
  smry?: string | null;
  bdy: string;
  sectCd: string;
  auts: string[];
  tops: string[];
  rels?: string[];
  kwd?: string[];
  typ?: string | null;
  bdyKnd?: string | null;
  srcNm?: string | null;
  srcUrl?: string | null;
  licNm?: string | null;
  licUrl?: string | null;
};

/** As it is kept: trimmed, without repeated names, line ends LF. */
export type Content = {
  ttl: string;
  kick: string | null;
  smry: string | null;
  bdy: string;
  sectCd: string;
  auts: string[];
  tops: string[];
  rels: string[];
  kwd: string[];
  typ: string | null;
  bdyKnd: string | null;
  srcNm: string | null;
  srcUrl: string | null;
  licNm: string | null;
  licUrl: string | null;
};

export type ContentFault = { pointer: string; value?: string; problem: string; remedy: string };

export type Checked = { ok: true; value: Content } | { ok: false; error: ContentFault[] };

const distinct = (names: string[]) => [...new Set(names.map((name) => name.trim()))];
const orNull = (text: string | null | undefined) => {
  const trimmed = text?.trim() ?? '';
  return trimmed === '' ? null : trimmed;
};

function normalise(input: ContentInput): Content {
  return {
    ttl: input.ttl.trim(),
    kick: orNull(input.kick),
    smry: orNull(input.smry),
    bdy: normaliseBody(input.bdy),
    sectCd: input.sectCd.trim(),
    auts: distinct(input.auts),
    tops: distinct(input.tops),
    rels: distinct(input.rels ?? []),
    kwd: distinct(input.kwd ?? []),
    typ: orNull(input.typ),
    bdyKnd: orNull(input.bdyKnd),
    srcNm: orNull(input.srcNm),
    srcUrl: orNull(input.srcUrl),
    licNm: orNull(input.licNm),
    licUrl: orNull(input.licUrl),
  };
}

function lineFaults(pointer: string, text: string, max: number): ContentFault[] {
  if (text.length > max) {
    const problem = `has ${text.length} characters`;
    return [{ pointer, value: text.slice(0, 100), problem, remedy: `use at most ${max}` }];
  }
  if (isCleanText(text, false)) return [];
  return [
    {
      pointer,
      problem: 'contains control characters or broken Unicode',
      remedy: 'use plain text in one line',
    },
  ];
}

function listFaults(
  pointer: string,
  names: string[],
  maxEntries: number,
  valid?: (name: string) => boolean,
): ContentFault[] {
  const faults = names.flatMap((name, index) => {
    const at = `${pointer}/${index}`;
    if (name === '') return [{ pointer: at, problem: 'is empty', remedy: 'leave it out' }];
    const found = lineFaults(at, name, limits.name);
    if (found.length > 0 || !valid || valid(name)) return found;
    return [
      {
        pointer: at,
        value: name.slice(0, 100),
        problem: 'has the wrong form',
        remedy: 'see the limits of this field',
      },
    ];
  });
  if (names.length <= maxEntries) return faults;
  return [
    { pointer, problem: `has ${names.length} entries`, remedy: `use at most ${maxEntries}` },
    ...faults.slice(0, 20),
  ];
}

function linkFaults(pointer: string, link: string | null): ContentFault[] {
  if (link === null || isWebLink(link)) return [];
  return [
    {
      pointer,
      value: link.slice(0, 100),
      problem: 'is no web address',
      remedy: 'use an absolute http or https address',
    },
  ];
}

function bodyFaults(body: string): ContentFault[] {
  const bytes = bytesOf(body);
  if (bytes > limits.bodyBytes) {
    return [
      {
        pointer: '/bdy',
        problem: `has ${bytes} bytes`,
        remedy: `use at most ${limits.bodyBytes} bytes of UTF-8`,
      },
    ];
  }
  if (isCleanText(body, true)) return [];
  return [
    {
      pointer: '/bdy',
      problem: 'contains control characters or broken Unicode',
      remedy: 'use plain text',
    },
  ];
}

/** Brings content into the form in which it is kept, or names everything that is wrong with it. */
export function checkContent(input: ContentInput): Checked {
  const content = normalise(input);
  const short = ['typ', 'bdyKnd', 'srcNm', 'licNm'] as const;
  const faults = [
    ...(content.ttl === ''
      ? [{ pointer: '/ttl', problem: 'is empty', remedy: 'give the article a title' }]
      : []),
    ...lineFaults('/ttl', content.ttl, limits.title),
    ...lineFaults('/kick', content.kick ?? '', limits.kicker),
    ...lineFaults('/smry', content.smry ?? '', limits.summary),
    ...bodyFaults(content.bdy),
    ...(content.sectCd === ''
      ? [{ pointer: '/sectCd', problem: 'is empty', remedy: 'choose a section' }]
      : []),
    ...lineFaults('/sectCd', content.sectCd, limits.name),
    ...listFaults('/auts', content.auts, limits.authors),
    ...listFaults('/tops', content.tops, limits.topics),
    ...listFaults('/kwd', content.kwd, limits.keywords, (word) => !word.includes(keywordSeparator)),
    ...listFaults('/rels', content.rels, limits.related, isReference),
    ...short.flatMap((field) => lineFaults(`/${field}`, content[field] ?? '', limits.name)),
    ...linkFaults('/srcUrl', content.srcUrl),
    ...linkFaults('/licUrl', content.licUrl),
  ];
  return faults.length === 0 ? { ok: true, value: content } : { ok: false, error: faults };
}

/** Whether two contents are the same, names in the same order. */
export function sameContent(a: Content, b: Content): boolean {
  return contentFields.every((field) => {
    const [left, right] = [a[field], b[field]];
    if (!Array.isArray(left) || !Array.isArray(right)) return left === right;
    return left.length === right.length && left.every((name, index) => name === right[index]);
  });
}

const contentFields = [
  'ttl',
  'kick',
  'smry',
  'bdy',
  'sectCd',
  'auts',
  'tops',
  'rels',
  'kwd',
  'typ',
  'bdyKnd',
  'srcNm',
  'srcUrl',
  'licNm',
  'licUrl',
] as const satisfies (keyof Content)[];
