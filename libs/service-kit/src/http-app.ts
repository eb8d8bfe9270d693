import { randomUUID } from 'node:crypto';

import express from 'express';
import type { ErrorRequestHandler, Express, Request, RequestHandler, Response } from 'express';
import helmet from 'helmet';

import { bodyError, parseJsonBodies } from './body-parsing.ts';
import { unavailableCause } from './connection-fault.ts';
import { isError } from './error-text.ts';
import { createPatternFinder, methodsFor } from './express-routes.ts';
import type { Health } from './health.ts';
import type { Logger } from './logging.ts';
import type { Metrics } from './metrics.ts';
import type { DomainError, Problem, Problems } from './problem.ts';
import { kitProblems, ProblemError, sendProblem, toProblem } from './problem.ts';
import { beginTrace } from './tracing.ts';

/** What an HTTP application is made of. */
export type HttpAppOptions = {
  readonly name: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly health: Health;
  /** The service's catalogue (`defineProblems`). Default: the kit's own codes only. */
  readonly problems?: Problems;
  /** The largest JSON body, in bytes or as text. Default `1mb`. */
  readonly bodyLimit?: number | string;
  /** Adds the service's routes. */
  readonly routes: (app: Express) => void;
  /** How many proxies in front may be believed about the client's address; `true` is one. Default none. */
  readonly trustProxy?: boolean | number;
  /** Shows a problem in another way, for a service with pages. Default: problem+json (`sendProblem`). */
  readonly answerProblem?: AnswerProblem;
};

/** Answers a request with a problem. Must not throw; `sendProblem` answers where it does. */
export type AnswerProblem = (req: Request, res: Response, problem: Problem) => void;

const acceptableRequestId = /^[\w.-]{8,128}$/;
/** Not sent to anyone: what the log and the metrics say of a client that went away before its answer. */
const clientClosedRequest = 499;
const ownRoutes = new Set(['/health/live', '/health/ready', '/metrics']);

/**
 * The Express application of a service: request id and trace context, access log, metrics, health, body
 * parsing, the service's routes, and problem+json for all that goes wrong. It does not listen.
 */
export function createHttpApp(options: HttpAppOptions): Express {
  const {
    metrics,
    health,
    problems = kitProblems,
    bodyLimit = '1mb',
    trustProxy = false,
  } = options;
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', trustProxy === true ? 1 : trustProxy);
  app.set('query parser', 'simple');

  app.use(observe(app, options));
  app.use(apiHeaders);
  app.get('/health/live', (_req, res) => {
    res.json({ status: 'live' });
  });
  app.get('/health/ready', async (_req, res) => {
    const report = await health.ready();
    res
      .status(report.status === 'unready' ? 503 : 200)
      .set('cache-control', 'no-store')
      .json(report);
  });
  app.get('/metrics', async (_req, res) => {
    res.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  app.use(...parseJsonBodies(bodyLimit));
  options.routes(app);
  app.use(refuseUnknown(app));
  app.use(answerErrors(options.logger, problems, options.answerProblem));
  return app;
}

/** Strict for data; a service with pages sets its own policy on them. */
const apiHeaders = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  },
  strictTransportSecurity: false,
});

/** The id of a request, as it is logged, sent back in `x-request-id`, and passed on to other services. */
export function requestIdOf(res: Response): string {
  const id = res.getHeader('x-request-id');
  return typeof id === 'string' ? id : '';
}

function observe(app: Express, { name, logger, metrics }: HttpAppOptions): RequestHandler {
  const patternOf = createPatternFinder(app);
  return (req, res, next) => {
    const started = performance.now();
    const given = req.get('x-request-id');
    const requestId = given !== undefined && acceptableRequestId.test(given) ? given : randomUUID();
    res.setHeader('x-request-id', requestId);
    const trace = beginTrace({
      name: `${name} ${req.method}`,
      traceparent: req.get('traceparent'),
      tracestate: req.get('tracestate'),
      requestId,
    });
    res.once('close', () => {
      const ms = performance.now() - started;
      const route = patternOf(req) ?? '(unmatched)';
      const { method } = req;
      const aborted = !res.writableFinished;
      const status = aborted && !res.headersSent ? clientClosedRequest : res.statusCode;
      metrics.observeRequest({ method, route, status }, ms / 1000);
      trace.end({
        name: `${method} ${route}`,
        attributes: {
          'http.request.method': method,
          'http.route': route,
          'http.response.status_code': status,
        },
        ...(status >= 500 ? { error: status } : {}),
      });
      const line = {
        method,
        route,
        status,
        ms: Math.round(ms * 10) / 10,
        ...(aborted ? { aborted } : {}),
      };
      trace.run(() => {
        if (ownRoutes.has(route)) logger.debug(line, 'request');
        else logger.info(line, 'request');
      });
    });
    trace.run(next);
  };
}

function refuseUnknown(app: Express): RequestHandler {
  return (req, res) => {
    const allowed = methodsFor(app, req.path);
    if (allowed.length === 0) {
      throw new ProblemError({
        code: 'not_found',
        detail: 'There is nothing at this path. Check its spelling.',
      });
    }
    res.setHeader('allow', allowed.join(', '));
    throw new ProblemError({
      code: 'method_not_allowed',
      detail: `${req.method} is not possible here. Use ${allowed.join(', ')}.`,
    });
  };
}

function answerErrors(
  logger: Logger,
  problems: Problems,
  answerProblem: AnswerProblem = (_req, res, problem) => sendProblem(res, problem),
): ErrorRequestHandler {
  return (thrown: unknown, req: Request, res: Response, _next) => {
    const error = asDomainError(thrown, req);
    const problem = error === undefined ? undefined : toProblem(error, problems);
    if (problem === undefined || problem.status >= 500) {
      logger.error(
        { err: thrown, ...(error === undefined ? {} : { code: error.code }) },
        'request failed',
      );
    }
    if (res.headersSent) {
      // The answer has begun: breaking it off is the only way left to tell the client that it is not whole.
      res.destroy();
      return;
    }
    const answer = problem ?? {
      ...kitProblems.internal_error,
      code: 'internal_error',
      detail:
        'The request failed through no fault of yours. Name the request id when you report it.',
    };
    try {
      answerProblem(req, res, answer);
    } catch (fault) {
      logger.error({ err: fault }, 'problem could not be shown');
      answerPlainly(res, answer);
    }
  };
}

function answerPlainly(res: Response, problem: Problem): void {
  if (res.headersSent) res.destroy();
  else sendProblem(res, problem);
}

function asDomainError(thrown: unknown, req: Request): DomainError | undefined {
  if (thrown instanceof ProblemError) return thrown.error;
  const unavailable = unavailableCause(thrown);
  if (unavailable !== undefined) {
    return {
      code: 'unavailable',
      detail: unavailable,
      retryable: true,
      retryAfterSeconds: 2,
      cause: thrown,
    };
  }
  if (isError(thrown) && thrown.name === 'URIError') {
    return {
      code: 'malformed_request',
      detail: 'The path is not properly percent-encoded.',
      cause: thrown,
    };
  }
  return bodyError(thrown, req);
}
