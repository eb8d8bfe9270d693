import { describe, expect, it } from '@jest/globals';

import { defineProblems, problemBody, ProblemError, toProblem } from './problem.ts';

describe('defineProblems', () => {
  it('adds the codes of the kit', () => {
    const problems = defineProblems({
      article_not_found: { status: 404, title: 'No such article' },
    });
    expect(problems.article_not_found.status).toBe(404);
    expect(problems.internal_error.status).toBe(500);
    expect(problems.validation_failed.status).toBe(400);
  });

  it.each([400, 599])('takes the status %d', (status) => {
    expect(() => defineProblems({ mine: { status, title: 'x' } })).not.toThrow();
  });

  it('names everything that is wrong', () => {
    const define = (): unknown =>
      defineProblems({
        'Not-Snake': { status: 400, title: 'x' },
        not_found: { status: 404, title: 'x' },
        too_low: { status: 399, title: 'x' },
        too_high: { status: 600, title: 'x' },
        not_whole: { status: 404.5, title: 'x' },
      });
    expect(define).toThrow(/Not-Snake is not snake_case/);
    expect(define).toThrow(/not_found is one of the kit's own codes/);
    expect(define).toThrow(/too_low should have a status from 400 to 599, got 399/);
    expect(define).toThrow(/too_high .* got 600/);
    expect(define).toThrow(/not_whole .* got 404.5/);
  });
});

describe('toProblem', () => {
  const problems = defineProblems({ conflict: { status: 409, title: 'Conflict' } });

  it('gives an error the status and title of its code', () => {
    expect(toProblem({ code: 'conflict', detail: 'd', retryable: true }, problems)).toMatchObject({
      status: 409,
      title: 'Conflict',
      detail: 'd',
      retryable: true,
    });
  });

  it.each(['unheard_of', 'toString', '__proto__', 'constructor'])('knows no %s', (code) => {
    expect(toProblem({ code, detail: 'd' }, problems)).toBeUndefined();
  });
});

describe('problemBody', () => {
  it('has all members, and never the cause', () => {
    const faults = [{ pointer: '/body/x', problem: 'is missing' }];
    const problem = {
      status: 409,
      title: 'T',
      code: 'conflict',
      detail: 'D',
      retryable: true,
      faults,
      cause: new Error('inner'),
    };
    expect(problemBody(problem, 'request-1')).toEqual({
      type: 'urn:newscience:problem:conflict',
      title: 'T',
      status: 409,
      detail: 'D',
      code: 'conflict',
      instance: 'urn:newscience:request:request-1',
      retryable: true,
      faults,
    });
  });

  it('says that trying again is pointless when nobody said otherwise', () => {
    expect(problemBody({ status: 409, title: 'T', code: 'c', detail: 'D' }, undefined)).toEqual({
      type: 'urn:newscience:problem:c',
      title: 'T',
      status: 409,
      detail: 'D',
      code: 'c',
      retryable: false,
    });
  });
});

describe('ProblemError', () => {
  it('keeps error and cause for whoever logs it', () => {
    const cause = new Error('inner');
    const thrown = new ProblemError({ code: 'conflict', detail: 'D', cause });
    expect(thrown.message).toBe('conflict: D');
    expect(thrown.cause).toBe(cause);
  });
});
