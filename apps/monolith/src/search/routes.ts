import { ProblemError } from '@newscience/service-kit/problem';
import type { Result } from '@newscience/service-kit/result';
import { parseRequest } from '@newscience/service-kit/validation';
import { Router } from 'express';
import { z } from 'zod';

import { requireRol } from '../accounts/access.ts';
import { pathOf } from '../articles/art-jsn.ts';
import { readCursor, writeCursor } from '../cursor.ts';
import {
  changeSearchSettings,
  getSearchBatch,
  listSearchBatches,
  searchArticles,
  startSearchBatch,
} from './operations.ts';
import type { SrchErr, SrchHit, SrchInt, SrchIvl, SrchRun } from './srch-int.ts';

export type SrchRoutesDeps = { srch: SrchInt };

const triggers = { H: 'schedule', D: 'demand', S: 'sample' } as const;
const statuses = { R: 'running', O: 'succeeded', F: 'failed', K: 'killed' } as const;
const RUN_SCOPE = 'search-batch-runs';

function shownHit({ hdr, scr }: SrchHit) {
  return {
    id: hdr.artRef,
    title: hdr.ttl,
    summary: hdr.smry,
    section: { code: hdr.sectCd, name: hdr.sectNm },
    authors: hdr.auts,
    publishedAt: hdr.pubTs?.toISOString() ?? null,
    score: scr,
    url: pathOf(hdr.artRef),
  };
}

function shownRun(run: SrchRun) {
  return {
    id: run.runId,
    trigger: triggers[run.trg],
    status: statuses[run.sts],
    startedAt: run.staTs.toISOString(),
    indexedAt: run.idxTs?.toISOString() ?? null,
    endedAt: run.endTs?.toISOString() ?? null,
    durationMs: run.endTs === null ? null : run.endTs.getTime() - run.staTs.getTime(),
    articles: run.artCnt,
    rowsRead: run.rowRd,
    rowsWritten: run.rowWr,
    walBytes: run.walByt,
    error: run.err,
  };
}

const shownIvl = ({ ivlMs, isSet }: SrchIvl) => ({
  intervalMs: ivlMs,
  source: isSet ? 'operator' : 'start',
});

function given<T>(result: Result<T, SrchErr>): T {
  if (result.ok) return result.value;
  throw new ProblemError(result.error);
}

function runBefore(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined;
  const key = readCursor(RUN_SCOPE, cursor, z.tuple([z.int().positive()]));
  if (key !== null) return key[0];
  throw new ProblemError({
    code: 'cursor_invalid',
    detail: 'This cursor does not belong to this list; start again without one.',
  });
}

/** The JSON API of search and of its batch. */
export function srchRoutes({ srch }: SrchRoutesDeps): Router {
  const router = Router();

  router.get('/api/v1/search', async (req, res) => {
    const { query } = parseRequest(req, { query: searchArticles.query });
    const started = performance.now();
    const page = given(await srch.find(query.q, query.limit, query.cursor ?? null));
    res.json({
      items: page.itms.map(shownHit),
      total: page.tot,
      nextCursor: page.nxt,
      tookMs: Math.round((performance.now() - started) * 10) / 10,
      indexedAt: page.idxTs?.toISOString() ?? null,
    });
  });

  router.post('/api/v1/search/batch-runs', async (req, res) => {
    requireRol(req, 'O');
    const { query } = parseRequest(req, { query: startSearchBatch.query });
    const { run, end } = given(await srch.begBatch('D'));
    if (query.wait === 'true') {
      res.json(shownRun(await end));
      return;
    }
    res.status(202).location(`/api/v1/search/batch-runs/${run.runId}`).json(shownRun(run));
  });

  router.get('/api/v1/search/batch-runs', async (req, res) => {
    requireRol(req, 'O');
    const { query } = parseRequest(req, { query: listSearchBatches.query });
    const runs = await srch.lstRun(query.limit + 1, runBefore(query.cursor));
    const items = runs.slice(0, query.limit);
    const last = runs.length > items.length ? items.at(-1) : undefined;
    res.json({
      items: items.map(shownRun),
      nextCursor: last === undefined ? null : writeCursor(RUN_SCOPE, [last.runId]),
    });
  });

  router.get('/api/v1/search/batch-runs/:id', async (req, res) => {
    requireRol(req, 'O');
    const { params } = parseRequest(req, { params: getSearchBatch.params });
    const run = await srch.getRun(params.id);
    if (run === null) {
      throw new ProblemError({
        code: 'search_run_not_found',
        detail: `There is no run ${params.id}.`,
      });
    }
    res.json(shownRun(run));
  });

  router.get('/api/v1/search/batch-settings', async (req, res) => {
    requireRol(req, 'O');
    res.json(shownIvl(await srch.getIvl()));
  });

  router.post('/api/v1/search/batch-settings', async (req, res) => {
    requireRol(req, 'O');
    const { body } = parseRequest(req, { body: changeSearchSettings.body });
    res.json(shownIvl(await srch.setIvl(body.intervalMs)));
  });

  return router;
}
