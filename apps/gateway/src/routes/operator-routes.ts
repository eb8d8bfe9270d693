import { requestIdOf } from '@newscience/service-kit/http-app';
import { expressPath } from '@newscience/service-kit/openapi';
import { claimsOf, requireRole, type TokenVerifier } from '@newscience/service-kit/operator-auth';
import { problemBody, ProblemError } from '@newscience/service-kit/problem';
import { parseRequest } from '@newscience/service-kit/validation';
import type { Express, Request, Response } from 'express';
import type { CurrentTable } from '../current-table.ts';
import { DEFAULT_ROUTE_ID } from '../domain/route.ts';
import type { TargetPolicy } from '../domain/target.ts';
import { domainErrorOf, problems } from '../problems.ts';
import type { Changed, RouteAdministration } from '../route-administration.ts';
import type { RouteStore } from '../route-store.ts';
import type { TableFeed } from '../table-feed.ts';
import * as operations from './operations.ts';
import { etagOf, requireExpectation, requireRevision } from './preconditions.ts';
import {
  auditJson,
  defaultRouteJson,
  explanationJson,
  routeJson,
  routeListJson,
} from './presentation.ts';

export type OperatorDependencies = {
  administration: RouteAdministration;
  store: Pick<RouteStore, 'audit'>;
  current: CurrentTable;
  feed: Pick<TableFeed, 'status'>;
  policy: TargetPolicy;
  verifyToken: TokenVerifier;
};

/** The operator API. Reads answer from the table in force here, so that they work while the database is away. */
export function operatorRoutes(deps: OperatorDependencies): (app: Express) => void {
  const { administration, store, current, feed, policy } = deps;
  const {
    listRoutes,
    explainRoute,
    showRoute,
    defineRoute,
    changeRouteStage,
    removeRoute,
    readAudit,
  } = operations;
  const operator = requireRole(deps.verifyToken, ['operator']);

  const answer = (res: Response, id: string, changed: Changed, status = 200): void => {
    if (!changed.ok) {
      refuse(res, changed.error, policy);
      return;
    }
    const route = changed.value.table.routes.get(id);
    if (route === undefined) {
      res.status(204).end();
      return;
    }
    res.status(status).set('etag', etagOf(route.revision)).json(routeJson(route, policy));
  };

  return (app) => {
    // An entity tag here is a revision, and never the hash of a body.
    app.set('etag', false);

    app.get(listRoutes.path, operator, (_req, res) => {
      res.json(routeListJson(current, feed.status(), policy));
    });

    app.get(explainRoute.path, operator, (req, res) => {
      const { query } = parseRequest(req, explainRoute);
      res.json(explanationJson(current, query.method, query.path));
    });

    app.get(expressPath(showRoute.path), operator, (req, res) => {
      const { id } = parseRequest(req, showRoute).params;
      const route = current.steering.table.routes.get(id);
      if (id === DEFAULT_ROUTE_ID) res.set('etag', etagOf(0)).json(defaultRouteJson(policy));
      else if (route === undefined) refuse(res, { code: 'route_not_found', id }, policy);
      else res.set('etag', etagOf(route.revision)).json(routeJson(route, policy));
    });

    app.put(expressPath(defineRoute.path), operator, async (req, res) => {
      const { params, query, body } = parseRequest(req, defineRoute);
      const expected = requireExpectation(req);
      const request = requestOf(req, body.why, query.force);
      const changed = await administration.define({ ...body, ...params }, expected, request);
      answer(res, params.id, changed, expected.kind === 'absent' ? 201 : 200);
    });

    app.post(expressPath(changeRouteStage.path), operator, async (req, res) => {
      const { params, query, body } = parseRequest(req, changeRouteStage);
      const expected = requireRevision(req);
      const request = requestOf(req, body.why, query.force);
      const changed = await administration.changeStage(params.id, body.stage, expected, request);
      answer(res, params.id, changed);
    });

    app.delete(expressPath(removeRoute.path), operator, async (req, res) => {
      const { params, body } = parseRequest(req, removeRoute);
      const expected = requireRevision(req);
      answer(
        res,
        params.id,
        await administration.remove(params.id, expected, requestOf(req, body.why)),
      );
    });

    app.get(readAudit.path, operator, async (req, res) => {
      const { query } = parseRequest(req, readAudit);
      const before = query.cursor === undefined ? undefined : Number(query.cursor);
      const { limit, route: routeId } = query;
      res.json(auditJson(await store.audit({ limit: limit + 1, before, routeId }), limit));
    });
  };
}

function requestOf(req: Request, why: string, force = 'false') {
  const { sub, name } = claimsOf(req);
  return { actor: { id: sub, name: name === '' ? sub : name }, why, force: force === 'true' };
}

function refuse(
  res: Response,
  error: Parameters<typeof domainErrorOf>[0],
  policy: TargetPolicy,
): void {
  const problem = domainErrorOf(error);
  if (error.code !== 'route_revision_conflict') throw new ProblemError(problem);
  // The second of two operators is shown what the first one left.
  const { current } = error;
  if (current !== null) res.set('etag', etagOf(current.revision));
  res
    .status(problems[problem.code].status)
    .type('application/problem+json')
    .json({
      ...problemBody({ ...problems[problem.code], ...problem }, requestIdOf(res)),
      current: current === null ? null : routeJson(current, policy),
    });
}
