import { describe, expect, it } from '@jest/globals';
import { refusedForm } from './form.ts';

const labels = { title: 'Title', body: 'Text' };

describe('a form that was refused', () => {
  it('has the faults as sentences, in the order of the form', () => {
    const faults = [
      { pointer: '/body', problem: 'is empty', remedy: 'write the text first' },
      { pointer: '/title/0', problem: 'Invalid email address' },
      { pointer: '/title', problem: 'has 3 lines', remedy: 'Use one.' },
    ];
    expect(refusedForm({ title: 't' }, { detail: 'Wrong.', faults }, labels)).toEqual({
      values: { title: 't' },
      problem: null,
      faults: [
        { field: 'title', text: 'Title: Invalid email address.' },
        { field: 'title', text: 'Title has 3 lines. Use one.' },
        { field: 'body', text: 'Text is empty. Write the text first.' },
      ],
    });
  });

  it('says the detail where no field is to blame, or not only', () => {
    expect(refusedForm({}, { detail: 'Too fast.' }, labels).problem).toBe('Too fast.');
    const faults = [
      { pointer: '/title', problem: 'is empty' },
      { pointer: '/else', problem: 'is odd' },
    ];
    expect(refusedForm({}, { detail: 'Both.', faults }, labels)).toMatchObject({
      problem: 'Both.',
      faults: [{ field: 'title' }],
    });
  });
});
