import { afterAll, describe, expect, it } from '@jest/globals';

import { contractSuite } from './contract-suite.ts';

type Store = { readonly put: (value: string) => void; readonly all: () => string[] };
const steps: string[] = [];
let early: unknown;

const storeContract = contractSuite<Store, { readonly value: string }>(
  'a store',
  (store, { value }) => {
    try {
      store();
    } catch (error) {
      early = error;
    }
    it('keeps what is put', () => {
      store().put(value);
      expect(store().all()).toContain(value);
    });
  },
);

const inMemory = (): Store => {
  const values: string[] = [];
  return { put: (value) => void values.push(value), all: () => values };
};

describe('a contract suite', () => {
  storeContract(
    {
      name: 'memory',
      start: () => Promise.resolve(inMemory()),
      stop: (store) => Promise.resolve(void steps.push(`stopped with ${store.all().join()}`)),
    },
    { value: 'a' },
  );

  it('does not give its engine away before it has started', () => {
    expect(early).toMatchObject({ message: expect.stringContaining('memory has not started') });
  });

  afterAll(() => {
    expect(steps).toEqual(['stopped with a']);
  });
});
