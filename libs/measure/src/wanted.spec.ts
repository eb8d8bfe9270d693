import { describe, expect, it } from '@jest/globals';
import type { Figures } from './figures.ts';
import { judge } from './wanted.ts';

const figures: Figures = {
  ratio: { unit: 'of direct', min: 0.3, median: 0.4, max: 0.5, rounds: 3 },
  cpu: { unit: 'µs', min: 40, median: 45, max: 50, rounds: 3 },
};

describe('judge', () => {
  it.each([
    [{ figure: 'ratio', atLeast: 0.4 }, 0.4, true],
    [{ figure: 'ratio', atLeast: 0.401 }, 0.4, false],
    [{ figure: 'cpu', atMost: 45 }, 45, true],
    [{ figure: 'cpu', atMost: 44.9 }, 45, false],
    [{ figure: 'cpu', of: 'max', atMost: 49 }, 50, false],
    [{ figure: 'cpu', of: 'min', atMost: 40 }, 40, true],
  ] as const)('%j measures %d and holds: %s', (bound, measured, holds) => {
    expect(judge([{ name: 'wanted', anyOf: [bound] }], figures)).toEqual([
      {
        name: 'wanted',
        measured,
        limit: 'atLeast' in bound ? bound.atLeast : bound.atMost,
        unit: figures[bound.figure]?.unit,
        holds,
      },
    ]);
  });

  it('is content with one of several bounds and shows that one', () => {
    const [verdict] = judge(
      [
        {
          name: 'fast',
          anyOf: [
            { figure: 'ratio', atLeast: 0.9 },
            { figure: 'cpu', atMost: 45 },
          ],
        },
      ],
      figures,
    );
    expect(verdict).toEqual({ name: 'fast', measured: 45, limit: 45, unit: 'µs', holds: true });
  });

  it('shows the first bound where none holds', () => {
    const [verdict] = judge(
      [
        {
          name: 'fast',
          anyOf: [
            { figure: 'ratio', atLeast: 0.9 },
            { figure: 'cpu', atMost: 1 },
          ],
        },
      ],
      figures,
    );
    expect(verdict).toMatchObject({ measured: 0.4, limit: 0.9, holds: false });
  });

  it('does not let a figure hold that was not measured', () => {
    const [verdict] = judge([{ name: 'gone', anyOf: [{ figure: 'x', atMost: 1 }] }], figures);
    expect(verdict).toMatchObject({ measured: null, holds: false });
  });
});
