import type { Request, RequestHandler } from 'express';
import { createLocalJWKSet, createRemoteJWKSet, errors, jwtVerify } from 'jose';
import type { JWTPayload, JWTVerifyGetKey } from 'jose';
import { z } from 'zod';

import type { DomainError } from './problem.ts';
import { ProblemError } from './problem.ts';
import type { Result } from './result.ts';
import { err, ok } from './result.ts';

/** What a valid token says about its bearer. */
export type Claims = {
  readonly sub: string;
  readonly role: string;
  readonly name: string;
  readonly expiresAt: Date;
};

/** Why a token is not accepted: `unauthorized`, `forbidden`, or `unavailable` when it cannot be checked now. */
export type AuthError = DomainError & {
  readonly code: 'unauthorized' | 'forbidden' | 'unavailable';
};

export type TokenVerifier = (token: string) => Promise<Result<Claims, AuthError>>;

const claimsSchema = z.object({
  sub: z.string().min(1),
  role: z.string().min(1),
  name: z.string().default(''),
  exp: z.number(),
});
const retryAfterSeconds = 5;

/**
 * Verifies access tokens against the issuer's published keys. Only EdDSA is accepted. Keys are fetched when
 * first needed, every ten minutes, and for a key id that is not known yet (every five seconds at most). While
 * they cannot be fetched the known ones go on working, and a token of an unknown key is `unavailable`.
 */
export function createTokenVerifier(options: {
  jwksUrl: string | URL;
  issuer: string;
  audience: string;
  /** For one fetch of the keys. Default 2000. */
  timeoutMs?: number;
}): TokenVerifier {
  const { issuer, audience } = options;
  const keys = resilientKeys(new URL(options.jwksUrl), options.timeoutMs ?? 2000);
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience,
        algorithms: ['EdDSA'],
        clockTolerance: 5,
        requiredClaims: ['sub', 'exp'],
      });
      return readClaims(payload);
    } catch (error) {
      return err(refusal(error));
    }
  };
}

class KeysUnavailable extends Error {}

function resilientKeys(url: URL, timeoutDuration: number): JWTVerifyGetKey {
  const remote = createRemoteJWKSet(url, {
    timeoutDuration,
    cooldownDuration: 5000,
    cacheMaxAge: 600_000,
  });
  let failedAt = Number.NEGATIVE_INFINITY;

  const known: JWTVerifyGetKey = async (header, token) => {
    const last = remote.jwks();
    if (last === undefined) throw new KeysUnavailable();
    try {
      return await createLocalJWKSet(last)(header, token);
    } catch (error) {
      // The key may have been published since: that cannot be told now.
      throw error instanceof errors.JWKSNoMatchingKey ? new KeysUnavailable() : error;
    }
  };

  return async (header, token) => {
    // After a failed fetch nobody waits for the next one for a while.
    if (performance.now() - failedAt < retryAfterSeconds * 1000) return known(header, token);
    try {
      return await remote(header, token);
    } catch (error) {
      if (isVerdict(error)) throw error;
      failedAt = performance.now();
      return known(header, token);
    }
  };
}

/** Whether the error is about the token; any other is about fetching the keys. */
const isVerdict = (error: unknown): boolean =>
  error instanceof errors.JWKSNoMatchingKey ||
  error instanceof errors.JWKSMultipleMatchingKeys ||
  error instanceof errors.JOSENotSupported;

function readClaims(payload: JWTPayload): Result<Claims, AuthError> {
  const parsed = claimsSchema.safeParse(payload);
  if (!parsed.success) return err(unauthorized('The token lacks a claim that is needed.'));
  const { sub, role, name, exp } = parsed.data;
  return ok({ sub, role, name, expiresAt: new Date(exp * 1000) });
}

const unauthorized = (detail: string, cause?: unknown): AuthError => ({
  code: 'unauthorized',
  detail,
  cause,
});

function refusal(error: unknown): AuthError {
  if (error instanceof KeysUnavailable) {
    return {
      code: 'unavailable',
      detail:
        'The token cannot be checked right now: the keys of its issuer cannot be fetched. Try again in a moment.',
      retryable: true,
      retryAfterSeconds,
      cause: error,
    };
  }
  if (error instanceof errors.JWTExpired)
    return unauthorized('The token has expired. Get a new one.', error);
  return unauthorized('The token is not valid here. Get a new one.', error);
}

const claims = new WeakMap<Request, Claims>();

/** The claims of the bearer that `requireRole` let through; throws in a route that is not behind it. */
export function claimsOf(req: Request): Claims {
  const found = claims.get(req);
  if (found === undefined)
    throw new Error('claimsOf() was called in a route that is not behind requireRole().');
  return found;
}

/** Lets a request through when its bearer token is valid and has one of the roles; else 401, 403 or 503. */
export function requireRole(verify: TokenVerifier, roles: readonly string[]): RequestHandler {
  return async (req, _res, next) => {
    const token = /^Bearer ([\w.~+/-]+=*)$/i.exec(req.get('authorization') ?? '')?.[1];
    if (token === undefined)
      throw new ProblemError(unauthorized('Send an access token: Authorization: Bearer …'));
    const verified = await verify(token);
    if (!verified.ok) throw new ProblemError(verified.error);
    if (!roles.includes(verified.value.role)) {
      throw new ProblemError({
        code: 'forbidden',
        detail: `This needs the role ${roles.join(' or ')}; the token has the role ${verified.value.role}.`,
      });
    }
    claims.set(req, verified.value);
    next();
  };
}
