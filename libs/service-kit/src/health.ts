import { messageOf } from './error-text.ts';
import { maskText } from './redaction.ts';

/** What one check found. `ms` is how long it took. */
export type CheckReport = { status: 'ok' | 'failed'; detail?: string; ms: number };

/** Whether the service can do its work: `degraded` means that something is amiss that it can do without. */
export type ReadinessReport = {
  status: 'ready' | 'degraded' | 'unready';
  detail?: string;
  checks: Record<string, CheckReport>;
};

/** The service's view of itself and of what it depends on. */
export type Health = {
  /**
   * Adds a dependency. `check` throws when it is down; a text that it gives back is shown as detail. A critical one that
   * is down makes the service unready (503), another one degraded (200). Defaults: critical, 1000 ms.
   */
  add: (
    name: string,
    check: () => Promise<unknown>,
    options?: { critical?: boolean; timeoutMs?: number },
  ) => void;
  /** Runs all checks at once. A check that is still running is waited for, never started a second time. */
  ready: () => Promise<ReadinessReport>;
  /** From now on unready, whatever the checks say: new work should go elsewhere. */
  drain: (detail: string) => void;
};

type Check = { name: string; run: () => Promise<CheckReport>; critical: boolean };

/** Health of one service: nothing to check yet, so it starts out as ready. */
export function createHealth(): Health {
  const checks: Check[] = [];
  let draining: string | undefined;

  return {
    add(name, check, { critical = true, timeoutMs = 1000 } = {}) {
      checks.push({ name, critical, run: bounded(check, timeoutMs) });
    },
    async ready() {
      const reports = await Promise.all(
        checks.map(async (check) => ({ ...check, report: await check.run() })),
      );
      const failed = reports.filter(({ report }) => report.status === 'failed');
      const unready = draining !== undefined || failed.some(({ critical }) => critical);
      return {
        status: unready ? 'unready' : failed.length > 0 ? 'degraded' : 'ready',
        ...(draining === undefined ? {} : { detail: draining }),
        checks: Object.fromEntries(reports.map(({ name, report }) => [name, report])),
      };
    },
    drain(detail) {
      draining = detail;
    },
  };
}

function bounded(check: () => Promise<unknown>, timeoutMs: number): () => Promise<CheckReport> {
  let running: Promise<CheckReport> | undefined;
  return async () => {
    const started = performance.now();
    running ??= settle(check, started).finally(() => {
      running = undefined;
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<CheckReport>((resolve) => {
      timer = setTimeout(() => {
        resolve({
          status: 'failed',
          detail: `no answer within ${timeoutMs} ms`,
          ms: elapsed(started),
        });
      }, timeoutMs);
    });
    return Promise.race([running, late]).finally(() => clearTimeout(timer));
  };
}

async function settle(check: () => Promise<unknown>, started: number): Promise<CheckReport> {
  try {
    const detail = await check();
    return {
      status: 'ok',
      ...(typeof detail === 'string' ? { detail } : {}),
      ms: elapsed(started),
    };
  } catch (error) {
    return {
      status: 'failed',
      detail: maskText(messageOf(error)),
      ms: elapsed(started),
    };
  }
}

const elapsed = (since: number): number => Math.round((performance.now() - since) * 10) / 10;
