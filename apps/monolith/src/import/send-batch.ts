import { setTimeout as sleep } from 'node:timers/promises';
import { err, ok, type Result } from '@newscience/service-kit/result';
import type { SiteClient } from '@newscience/site-client/site-client';
import { canRetry, type SiteError } from '@newscience/site-client/site-error';
import type { z } from 'zod';

import { batchResult } from './operations.ts';

export type LineResults = z.output<typeof batchResult>['results'];

/** Where lines go: the site, or nowhere when they are only checked. */
export type SendBatch = (lines: readonly string[]) => Promise<Result<LineResults, SiteError>>;

export type SendOptions = {
  client: SiteClient;
  /** How long a site that does not answer is tried again, in ms. */
  retryForMs: number;
  /** Told before each further attempt. */
  waiting: (error: SiteError, leftMs: number) => void;
  /** Ends the trying; a request in flight is waited for. */
  signal: AbortSignal;
  now?: () => number;
};

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
const REQUEST_TIMEOUT_MS = 60_000;

/** Sends a batch; while the site is away tries again, with growing pauses, until the time is up. */
export function sendBatchTo(options: SendOptions): SendBatch {
  const { client, retryForMs, waiting, signal, now = Date.now } = options;
  const stopped = (): boolean => signal.aborted;
  return async (lines) => {
    const started = now();
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      const answer = await post(client, lines);
      if (answer.ok || !mayPass(answer.error)) return answer;
      const leftMs = started + retryForMs - now();
      if (leftMs <= 0 || stopped()) return answer;
      waiting(answer.error, leftMs);
      // Many importers must not come back in step.
      const wait = Math.min(pause * (0.75 + Math.random() / 2), leftMs);
      await sleep(wait, undefined, { signal }).catch(() => undefined);
      if (stopped()) return answer;
    }
  };
}

async function post(
  client: SiteClient,
  lines: readonly string[],
): Promise<Result<LineResults, SiteError>> {
  const answer = await client.call({
    method: 'POST',
    path: '/api/v1/imports/articles',
    headers: { 'content-type': 'application/x-ndjson' },
    body: `${lines.join('\n')}\n`,
    timeoutMs: REQUEST_TIMEOUT_MS,
  });
  if (!answer.ok) return answer;
  const parsed = batchResult.safeParse(answer.value.body);
  if (parsed.success && parsed.data.results.length === lines.length) return ok(parsed.data.results);
  return err({
    code: 'answer_not_understood',
    detail:
      'the site did not answer with a result for each line: is this New Science, of this version?',
  });
}

/** An import is idempotent, so a failure of the site itself is worth another attempt, whatever it says of that. */
function mayPass(error: SiteError): boolean {
  return canRetry(error) || ('refusal' in error && error.refusal.status >= 500);
}
