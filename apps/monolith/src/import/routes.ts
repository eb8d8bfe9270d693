import type { Fault } from '@newscience/service-kit/problem';
import { ProblemError } from '@newscience/service-kit/problem';
import { raw, Router } from 'express';
import type { Request } from 'express';
import type { z } from 'zod';

import { requireRol } from '../accounts/access.ts';
import type { ArtErr, ArtInt } from '../articles/art-int.ts';
import { pointerOf } from '../articles/art-jsn.ts';
import { readLine } from './line.ts';
import { batchLimits, type batchResult } from './operations.ts';

/** `now` is the clock, for tests. */
export type ImpRoutesDeps = { art: ArtInt; now?: () => Date };

type LineResult = z.output<typeof batchResult>['results'][number];

const utf8 = new TextDecoder('utf-8', { fatal: true });
const LF = 0x0a;

/** The JSON API of imports. */
export function impRoutes({ art, now = () => new Date() }: ImpRoutesDeps): Router {
  const router = Router();
  const body = raw({ type: 'application/x-ndjson', limit: batchLimits.bytes });

  router.post(
    '/api/v1/imports/articles',
    (req, _res, next) => {
      requireRol(req, 'E');
      next();
    },
    body,
    async (req, res) => {
      const lines = linesOf(req);
      const results: LineResult[] = [];
      const sections = new Map<string, Promise<string>>();
      const sectCd = (name: string): Promise<string> => {
        const known = sections.get(name) ?? art.ensSect(name);
        sections.set(name, known);
        return known;
      };
      for (const [index, bytes] of lines.entries()) {
        const result = await importLine(art, sectCd, bytes, now());
        if (result !== null) results.push({ line: index + 1, ...result });
      }
      if (results.length === 0) {
        throw new ProblemError({
          code: 'import_batch_empty',
          detail: 'The body has no line. Send one JSON object a line.',
        });
      }
      res.json({ results });
    },
  );

  return router;
}

function linesOf(req: Request): Buffer[] {
  const body: unknown = req.body;
  if (!Buffer.isBuffer(body)) {
    const value = (req.headers['content-type'] ?? '(none)').slice(0, 100);
    const remedy = 'Send JSON Lines with content-type application/x-ndjson.';
    throw new ProblemError({
      code: 'unsupported_media_type',
      detail: `The content-type "${value}" is not read here. ${remedy}`,
      faults: [{ pointer: '/headers/content-type', value, problem: 'is not read here', remedy }],
    });
  }
  const lines: Buffer[] = [];
  for (let from = 0; from < body.length;) {
    const found = body.indexOf(LF, from);
    const end = found === -1 ? body.length : found;
    lines.push(body.subarray(from, end));
    if (lines.length > batchLimits.lines) {
      throw new ProblemError({
        code: 'import_batch_too_long',
        detail: `The body has more than ${batchLimits.lines} lines. Send them in several batches.`,
      });
    }
    from = end + 1;
  }
  return lines;
}

async function importLine(
  art: ArtInt,
  sectCd: (name: string) => Promise<string>,
  bytes: Buffer,
  now: Date,
): Promise<Omit<LineResult, 'line'> | null> {
  const text = decoded(bytes);
  if (text === null) {
    const remedy = 'Encode the line as UTF-8.';
    return {
      id: null,
      outcome: 'rejected',
      faults: [{ pointer: '', problem: 'is no valid UTF-8', remedy }],
    };
  }
  if (text.trim() === '') return null;
  const line = readLine(text, now);
  if (!line.ok) return { id: null, outcome: 'rejected', faults: line.error };
  const { put, sectNm, pubTs } = line.value;
  const done = await art.impArt({ ...put, sectCd: await sectCd(sectNm) }, pubTs);
  if (done.ok) return { id: put.artRef, outcome: done.value.outcome };
  return { id: put.artRef, outcome: 'rejected', faults: faultsOf(done.error) };
}

function decoded(bytes: Buffer): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

/** In the names of the line, which are those of the API but for two. */
function faultsOf({ detail, faults }: ArtErr): Fault[] {
  if (faults === undefined || faults.length === 0) return [{ pointer: '', problem: detail }];
  return faults.map((fault) => ({
    ...fault,
    pointer: pointerOf(fault.pointer)
      .replace(/^\/body/, '')
      .replace(/^\/artRef$/, '/id')
      .replace(/^\/(source|licence)\/name$/, '/$1')
      .replace(/^\/source\/url$/, '/url')
      .replace(/^\/licence\/url$/, '/licenceUrl'),
  }));
}
