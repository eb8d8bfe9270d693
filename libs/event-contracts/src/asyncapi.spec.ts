import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Parser } from '@asyncapi/parser';
import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';

import { jsonSchemaOf } from './json-schema.ts';
import { contracts } from './registry.ts';

const file = join(import.meta.dirname, '../asyncapi.yaml');

describe('the AsyncAPI document', () => {
  it('is valid for the official parser', async () => {
    const { document, diagnostics } = await new Parser().parse(readFileSync(file, 'utf8'));
    // The parser advises to use a later specification version; everything else would be a fault.
    const faults = diagnostics.filter(({ code }) => code !== 'asyncapi-latest-version');
    expect(faults.map(({ message, path }) => `${path.join('.')}: ${message}`)).toEqual([]);
    expect(document?.version()).toBe('3.0.0');
    expect(document?.allMessages().all()).toHaveLength(contracts.length);
  });
});

describe('the JSON Schemas', () => {
  const ajv = new Ajv({ strict: true, allowUnionTypes: true });
  addFormats.default(ajv);

  it.each(contracts.map((one) => [one.type, one] as const))('take the example of %s', (_, one) => {
    const validate = ajv.compile(jsonSchemaOf(one));
    validate(one.example);
    expect(validate.errors).toBeNull();
  });
});
