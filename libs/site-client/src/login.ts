import { err, ok, type Result } from '@newscience/service-kit/result';
import { z } from 'zod';
import { send } from './send.ts';
import type { Credentials } from './find-site.ts';
import type { SiteError } from './site-error.ts';

/** A bearer token and the moment (milliseconds since 1970) after which it should be fetched anew. */
export type AccessToken = { value: string; renewAt: number };

const tokenAnswer = z.object({ accessToken: z.string().min(1), expiresIn: z.number().positive() });

/** A token is renewed this long before it ends, so that it does not expire on the way. */
const MARGIN_MS = 30_000;

/**
 * Turns credentials into a bearer token: a given token is used as it is, an e-mail address and password
 * are sent to the site's `POST /api/v1/tokens`.
 */
export async function login(
  url: string | undefined,
  credentials: Credentials,
  { now = Date.now, timeoutMs = 15_000 }: { now?: () => number; timeoutMs?: number } = {},
): Promise<Result<AccessToken, SiteError>> {
  if (credentials.kind === 'none') {
    return err({
      code: 'credentials_missing',
      detail: `this needs an account: ${credentials.remedy}`,
    });
  }
  if (credentials.kind === 'token')
    return ok({ value: credentials.token, renewAt: Number.POSITIVE_INFINITY });
  if (url === undefined) {
    const detail = 'logging in needs the address of the site: name it with --url or NEWSCIENCE_URL';
    return err({ code: 'site_not_found', detail });
  }
  const { email, password } = credentials;
  const answer = await send(`${url}/api/v1/tokens`, {
    method: 'POST',
    json: { email, password },
    timeoutMs,
  });
  if (!answer.ok) {
    if (answer.error.code !== 'refused' && answer.error.code !== 'not_authorised') return answer;
    const { refusal } = answer.error;
    return err({
      code: 'login_refused',
      detail: `${url} did not let ${email} in: ${refusal.detail}`,
      refusal,
    });
  }
  const parsed = tokenAnswer.safeParse(answer.value.body);
  if (!parsed.success) {
    return err({
      code: 'answer_not_understood',
      detail: `${url}/api/v1/tokens did not answer with a token: is this New Science?`,
    });
  }
  const lifetimeMs = parsed.data.expiresIn * 1000;
  return ok({
    value: parsed.data.accessToken,
    renewAt: now() + Math.max(lifetimeMs - MARGIN_MS, lifetimeMs / 2),
  });
}
