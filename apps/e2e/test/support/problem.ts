import { expect } from '@jest/globals';
import type { Answer } from '../api.ts';

const leaks =
  /syntax error at|relation "|column "|node_modules|file:\/\/|\.ts:\d+|at \w+ \(|ECONNREFUSED/;

/** Whatever a stranger sends: an answer, and where it is a refusal one that says what is wrong. */
export function expectDecentAnswer({ status, headers, text, json }: Answer, what: string): void {
  expect({ what, status, text: status >= 500 ? text : '' }).toEqual({
    what,
    status: expect.any(Number),
    text: '',
  });
  if (status < 400) return;
  expect({ what, type: headers.get('content-type') }).toEqual({
    what,
    type: expect.stringMatching(/^application\/problem\+json/),
  });
  expect({ what, json }).toEqual({
    what,
    json: expect.objectContaining({
      type: expect.stringMatching(/^urn:newscience:problem:[a-z_]+$/),
      title: expect.stringMatching(/\S/),
      detail: expect.stringMatching(/\S/),
      code: expect.stringMatching(/^[a-z_]+$/),
      status,
    }),
  });
  expect({ what, leak: leaks.exec(text)?.[0] }).toEqual({ what, leak: undefined });
}

/** Every fault of an invalid request says where, what, and what to do. */
export function expectFaultsWhereInvalid({ json }: Answer, what: string): void {
  if ((json as { code?: string }).code !== 'validation_failed') return;
  expect({ what, json }).toEqual({
    what,
    json: expect.objectContaining({ faults: expect.any(Array) }),
  });
  for (const fault of (json as { faults: object[] }).faults) {
    expect({ what, fault }).toEqual({
      what,
      fault: expect.objectContaining({
        pointer: expect.stringMatching(/^(\/.*)?$/),
        problem: expect.stringMatching(/\S/),
        remedy: expect.stringMatching(/\S/),
      }),
    });
  }
}
