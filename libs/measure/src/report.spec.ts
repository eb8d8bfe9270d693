import { describe, expect, it } from '@jest/globals';
import { createProgress } from './progress.ts';
import { renderReport, renderTimeline } from './report.ts';

describe('renderReport', () => {
  it('puts figures, wanted and machine below each other', () => {
    const text = renderReport({
      name: 'facade',
      machine: {
        cpu: 'Chip',
        cores: 2,
        memoryBytes: 2 ** 31,
        system: 'OS 1',
        versions: { node: '24' },
      },
      figures: { rate: { unit: 'req/s', min: 1234.5, median: 2000, max: 30_000, rounds: 3 } },
      wanted: [
        { name: 'fast', measured: 0.41234, limit: 0.4, unit: 'of direct', holds: true },
        { name: 'gone', measured: null, limit: 1, unit: '', holds: false },
      ],
    });
    expect(text).toBe(
      `facade

      min  median     max   unit  rounds
rate  1,235   2,000  30,000  req/s       3

wanted      measured  limit       unit
fast          0.4123    0.4  of direct          holds
gone    not measured      1             DOES NOT HOLD

Chip, 2 cores, 2 GiB, OS 1
node 24
`.replace('      min', '        min'),
    );
  });
});

describe('createProgress', () => {
  const capture = (isTTY: boolean) => {
    const written: string[] = [];
    let time = 0;
    const progress = createProgress({ isTTY, write: (text) => written.push(text) }, () => time);
    return { progress, written, at: (ms: number) => (time = ms) };
  };

  it('writes a line per step where there is no terminal', () => {
    const { progress, written, at } = capture(false);
    progress.show('starting');
    progress.show('starting');
    at(2_400);
    progress.show('measuring');
    progress.end();
    expect(written).toEqual(['[0 s] starting\n', '[2 s] measuring\n']);
  });

  it('rewrites one line on a terminal and takes it away at the end', () => {
    const { progress, written } = capture(true);
    progress.show('starting');
    progress.end();
    expect(written).toEqual(['\r\u001b[2K[0 s] starting', '\r\u001b[2K']);
  });
});

describe('renderTimeline', () => {
  it('has a line for each thing that happened', () => {
    const timeline = [
      { atMs: 40, text: 'broker killed' },
      { atMs: 123_456, text: 'broker ready' },
    ];
    expect(renderTimeline(timeline)).toBe(
      '\ntimeline\n    0.0 s  broker killed\n  123.5 s  broker ready\n',
    );
    expect(renderTimeline([])).toBe('');
  });
});
