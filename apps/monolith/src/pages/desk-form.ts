import type { ArtPut, ArtRec } from '../articles/art-int.ts';
import type { Fields, Labels } from './form.ts';
import { diffOf } from './paragraph-diff.ts';
import type { DiffPart } from './paragraph-diff.ts';

/** The fields of the editor's form, in its order, with what they are called there. */
export const deskLabels = {
  title: 'Title',
  kicker: 'Kicker',
  summary: 'Standfirst',
  body: 'Text',
  section: 'Section',
  authors: 'Authors',
  topics: 'Topics',
  keywords: 'Keywords',
  type: 'Type',
  related: 'Related articles',
  sourceName: 'Source',
  sourceUrl: 'Address of the source',
  licenceName: 'Licence',
  licenceUrl: 'Address of the licence',
  bodyKind: 'Kind of text',
  embargo: 'End of the embargo',
} as const satisfies Labels;

type Field = keyof typeof deskLabels;

const columns: Record<string, Field> = {
  ttl: 'title',
  kick: 'kicker',
  smry: 'summary',
  bdy: 'body',
  sectCd: 'section',
  auts: 'authors',
  tops: 'topics',
  kwd: 'keywords',
  typ: 'type',
  rels: 'related',
  srcNm: 'sourceName',
  srcUrl: 'sourceUrl',
  licNm: 'licenceName',
  licUrl: 'licenceUrl',
  bdyKnd: 'bodyKind',
  embTs: 'embargo',
};

export const deskFields = Object.values(columns).filter((field) => field !== 'embargo');

/** The form's field that a fault of the articles belongs to: `/auts/0` is about the authors. */
export function deskField(pointer: string): string {
  return columns[pointer.split('/')[1] ?? ''] ?? '';
}

const lines = (text: string) =>
  text
    .split(/\r\n?|\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** What was typed as the content of an article: names one a line. */
export function putOf(fields: Fields): ArtPut {
  return {
    ttl: fields('title'),
    kick: fields('kicker'),
    smry: fields('summary'),
    bdy: fields('body'),
    sectCd: fields('section'),
    auts: lines(fields('authors')),
    tops: lines(fields('topics')),
    kwd: lines(fields('keywords')),
    typ: fields('type'),
    rels: lines(fields('related')),
    srcNm: fields('sourceName'),
    srcUrl: fields('sourceUrl'),
    licNm: fields('licenceName'),
    licUrl: fields('licenceUrl'),
    bdyKnd: fields('bodyKind'),
  };
}

/** An article as the values of the form. */
export function deskValues(rec: ArtRec): Record<string, string> {
  return {
    title: rec.ttl,
    kicker: rec.kick ?? '',
    summary: rec.smry ?? '',
    body: rec.bdy,
    section: rec.sectCd,
    authors: rec.auts.join('\n'),
    topics: rec.tops.join('\n'),
    keywords: rec.kwd.join('\n'),
    type: rec.typ ?? '',
    related: rec.rels.join('\n'),
    sourceName: rec.srcNm ?? '',
    sourceUrl: rec.srcUrl ?? '',
    licenceName: rec.licNm ?? '',
    licenceUrl: rec.licUrl ?? '',
    bodyKind: rec.bdyKnd ?? '',
    embargo: rec.embTs === null ? '' : rec.embTs.toISOString().slice(0, 16),
  };
}

const plain = (text: string) => text.replace(/\r\n?/g, '\n').trim();

/** The fields in which what is saved and what was typed are not the same; long texts by paragraphs. */
export function differences(
  saved: Record<string, string>,
  typed: Record<string, string>,
): { label: string; parts: DiffPart[] }[] {
  return deskFields
    .map((field) => ({
      label: deskLabels[field],
      saved: plain(saved[field] ?? ''),
      typed: plain(typed[field] ?? ''),
    }))
    .filter((entry) => entry.saved !== entry.typed)
    .map((entry) => ({ label: entry.label, parts: diffOf(entry.saved, entry.typed) }));
}

/** A `datetime-local` value as a time in UTC, or null. */
export function embargoOf(value: string): Date | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?$/.test(value)) return null;
  const date = new Date(`${value}Z`);
  return Number.isNaN(date.getTime()) ? null : date;
}
