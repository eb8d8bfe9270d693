import { describe, expect, it } from '@jest/globals';

import { faultsOf, jsonOf, mostBytes, textOf, type Report } from './report.ts';

const container = { service: 'gateway', id: '1', state: 'running', health: '', exitCode: 0 };
const ready = (service: string, bytes: number) =>
  ({
    service,
    container: { ...container, service },
    standing: { kind: 'ready' },
    memory: { bytes, limitBytes: 500e6 },
  }) as const;
const done = {
  service: 'secrets',
  container,
  standing: { kind: 'done' },
  memory: undefined,
} as const;
const step = { step: 'home page', ok: true, detail: '3 articles', ms: 12 };

const well: Report = { services: [ready('gateway', 70e6), done], steps: [step], waitedMs: 4200 };

describe('the report of a check', () => {
  it('shows who holds how much, and that all is well', () => {
    expect(textOf(well)).toBe(
      [
        'SERVICE  STATE  MEMORY   LIMIT  SHARE',
        'gateway  ready   70 MB  500 MB   14 %',
        'all              70 MB  500 MB   14 %',
        'Done and ended: secrets.',
        '',
        '✓ home page: 3 articles (12 ms)',
        '',
        'All is well, after 4 s of waiting.',
      ].join('\n'),
    );
    expect(jsonOf(well)).toMatchObject({
      ok: true,
      faults: [],
      memory: { bytes: 70e6, limitBytes: 500e6, measured: 1 },
      services: [{ service: 'gateway', kind: 'ready', bytes: 70e6 }, { kind: 'done' }],
    });
  });

  it('names each fault', () => {
    const faults = faultsOf({
      services: [
        {
          service: 'kafka',
          container,
          standing: { kind: 'failed', detail: 'ended with 1' },
          memory: undefined,
        },
        {
          service: 'monolith',
          container,
          standing: { kind: 'waiting', detail: 'is starting' },
          memory: undefined,
        },
        { ...ready('gateway', 1), memory: undefined },
      ],
      steps: [step, { ...step, step: 'search', ok: false, detail: 'it finds nothing' }],
      waitedMs: 0,
    });
    expect(faults).toEqual([
      'kafka ended with 1: see "docker compose logs kafka".',
      'monolith is starting: see "docker compose logs monolith".',
      'The memory of gateway could not be measured.',
      'The walk failed at "search": it finds nothing',
    ]);
  });

  it('refuses 4 GB, and takes one byte less', () => {
    const holding = (bytes: number): Report => ({ ...well, services: [ready('kafka', bytes)] });
    expect(faultsOf(holding(mostBytes - 1))).toEqual([]);
    expect(faultsOf(holding(mostBytes))).toHaveLength(1);
  });
});
