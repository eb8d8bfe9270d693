import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createLogger } from '@newscience/service-kit/logging';
import { err, ok } from '@newscience/service-kit/result';

import type { SrchInt, SrchIvl, SrchRun } from './srch-int.ts';
import { startSrchTmr } from './srch-tmr.ts';

const HOUR = 3_600_000;
const logger = createLogger({ service: 'test', level: 'silent' });
const row = (staMs: number): SrchRun => ({
  runId: 1,
  trg: 'H',
  sts: 'O',
  staTs: new Date(staMs),
  idxTs: null,
  endTs: null,
  artCnt: 0,
  rowRd: 0,
  rowWr: 0,
  walByt: 0,
  err: null,
});

function setUp(start: number, ivlMs = HOUR) {
  jest.setSystemTime(start);
  const set: SrchIvl = { ivlMs, isSet: false };
  const runs: number[] = [];
  let other = 0;
  let failures = 0;
  const srch: Pick<SrchInt, 'getIvl' | 'runBatch'> = {
    getIvl: () =>
      failures-- > 0 ? Promise.reject(new Error('away')) : Promise.resolve({ ...set }),
    runBatch: (_trg, snc) => {
      if (other >= (snc?.getTime() ?? Infinity)) {
        return Promise.resolve(err({ code: 'search_batch_done', detail: '' }));
      }
      runs.push(Date.now());
      return Promise.resolve(ok(row(Date.now())));
    },
  };
  const tmr = startSrchTmr({ srch, logger });
  return {
    set,
    runs,
    tmr,
    srch,
    otherRan: (at: number) => (other = at),
    fail: (times: number) => (failures = times),
  };
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('the times of the search batch', () => {
  it('are the full hours, not the start of the service', async () => {
    const { runs, tmr } = setUp(10.4 * HOUR);
    await jest.advanceTimersByTimeAsync(2 * HOUR);
    expect(runs).toEqual([11 * HOUR, 12 * HOUR]);
    await tmr.stop();
    await jest.advanceTimersByTimeAsync(2 * HOUR);
    expect(runs).toHaveLength(2);
  });

  it('are left out where another instance ran already', async () => {
    const { runs, tmr, otherRan } = setUp(10.999 * HOUR);
    otherRan(11 * HOUR);
    await jest.advanceTimersByTimeAsync(0.5 * HOUR);
    expect(runs).toEqual([]);
    await jest.advanceTimersByTimeAsync(HOUR);
    expect(runs).toEqual([12 * HOUR]);
    await tmr.stop();
  });

  it('are none while the interval is 0, and come back with it', async () => {
    const { runs, tmr, set } = setUp(10.5 * HOUR, 0);
    await jest.advanceTimersByTimeAsync(2 * HOUR);
    expect(runs).toEqual([]);
    set.ivlMs = 60_000;
    await tmr.look();
    await jest.advanceTimersByTimeAsync(125_000);
    expect(runs).toHaveLength(2);
    set.ivlMs = 0;
    await jest.advanceTimersByTimeAsync(HOUR);
    expect(runs).toHaveLength(2);
    await tmr.stop();
  });

  it('notice a new interval within five seconds', async () => {
    const { runs, tmr, set } = setUp(10.5 * HOUR);
    set.ivlMs = 1000;
    await jest.advanceTimersByTimeAsync(5_000);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(runs.length).toBeGreaterThanOrEqual(1);
    await tmr.stop();
  });

  it('go on after the database was away, and after a run that could not begin', async () => {
    const { runs, tmr, fail, srch } = setUp(10.5 * HOUR);
    fail(3);
    await jest.advanceTimersByTimeAsync(60_000);
    srch.runBatch = () => {
      runs.push(0);
      return Promise.resolve(err({ code: 'search_batch_running', detail: '', retryable: true }));
    };
    await jest.advanceTimersByTimeAsync(HOUR);
    await jest.advanceTimersByTimeAsync(HOUR);
    expect(runs).toEqual([0, 0]);
    await tmr.stop();
  });
});
