import { describe, expect, it, jest } from '@jest/globals';

import { jsonProgress, type Terminal, textProgress } from './progress.ts';

function fakeTerminal(isTTY: boolean): {
  terminal: Terminal;
  written: () => string;
  pass: (ms: number) => void;
} {
  let now = 0;
  let text = '';
  return {
    terminal: {
      isTTY,
      columns: 80,
      now: () => now,
      write: (part) => (text += part),
      writeError: (part) => (text += `error: ${part}`),
    },
    written: () => text,
    pass: (ms) => {
      now += ms;
      jest.advanceTimersByTime(ms);
    },
  };
}

describe('progress for people', () => {
  it('says what is waited for and since when, in one line that is written over', () => {
    jest.useFakeTimers();
    const { terminal, written, pass } = fakeTerminal(true);
    const progress = textProgress(terminal);
    const first = progress.step('a', 'PostgreSQL');
    const second = progress.step('b', 'monolith');
    second.waitingFor('its database');
    pass(3000);
    expect(written().split('\r\u001b[2K').at(-1)).toBe(
      '  waiting for PostgreSQL 3 s · monolith: its database 3 s',
    );
    first.done();
    second.failed();
    progress.close();
    expect(written()).toContain('\r\u001b[2K✓ PostgreSQL (3.0 s)\n');
    expect(written()).toMatch(/✗ monolith \(3\.0 s\)\n$/);
    jest.useRealTimers();
  });

  it('repeats itself ever less where lines cannot be written over', () => {
    jest.useFakeTimers();
    const { terminal, written, pass } = fakeTerminal(false);
    const progress = textProgress(terminal);
    const step = progress.step('a', 'monolith');
    for (let second = 0; second < 12; second += 1) pass(1000);
    step.done('with 3 migrations');
    progress.close();
    expect(written().split('\n')).toEqual([
      '  waiting for monolith for 2 s',
      '  waiting for monolith for 5 s',
      '  waiting for monolith for 10 s',
      '✓ monolith (12.0 s): with 3 migrations',
      '',
    ]);
    jest.useRealTimers();
  });

  it('ends with the line that everybody waits for', () => {
    const { terminal, written } = fakeTerminal(false);
    const progress = textProgress(terminal);
    progress.ready('a table', 'http://127.0.0.1:8080', {});
    progress.close();
    expect(written()).toMatch(/a table\n\nNew Science is ready: http:\/\/127\.0\.0\.1:8080\n$/);
  });

  it('shows the last lines of a service that is left down', () => {
    const { terminal, written } = fakeTerminal(false);
    const progress = textProgress(terminal);
    progress.news({
      service: 'monolith',
      state: 'left_down',
      text: 'is left down:',
      lastLines: ['one', 'two'],
    });
    progress.close();
    expect(written()).toBe('monolith: is left down:\n    one\n    two\n');
  });
});

describe('progress for programs', () => {
  it('is one JSON object per line', () => {
    const { terminal, written, pass } = fakeTerminal(false);
    jest.useFakeTimers();
    const progress = jsonProgress(terminal, () => new Date(0));
    const step = progress.step('postgres', 'PostgreSQL');
    pass(40);
    step.done();
    progress.news({ service: 'gateway', state: 'back', text: 'runs again' });
    progress.say('Stopping');
    progress.refused('No.');
    progress.ready('table', 'http://127.0.0.1:8080', { pid: 7 });
    progress.close();
    jest.useRealTimers();
    const lines = written()
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    const time = '1970-01-01T00:00:00.000Z';
    expect(lines).toEqual([
      { time, event: 'step', step: 'postgres', title: 'PostgreSQL', state: 'started', ms: 0 },
      { time, event: 'step', step: 'postgres', title: 'PostgreSQL', state: 'done', ms: 40 },
      { time, event: 'service', service: 'gateway', state: 'back', detail: 'runs again' },
      { time, event: 'message', detail: 'Stopping' },
      { time, event: 'refused', detail: 'No.' },
      { time, event: 'ready', url: 'http://127.0.0.1:8080', pid: 7 },
    ]);
  });
});
