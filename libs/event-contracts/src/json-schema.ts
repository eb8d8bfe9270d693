import { z } from 'zod';

import type { EventContract } from './define-event.ts';

/** As much of JSON Schema (draft 7) as our contracts are written in. */
export type JsonSchema = {
  readonly type?: string | readonly string[] | undefined;
  readonly properties?: Readonly<Record<string, JsonSchema>> | undefined;
  readonly required?: readonly string[] | undefined;
  readonly additionalProperties?: boolean | JsonSchema | undefined;
  readonly items?: JsonSchema | undefined;
  readonly anyOf?: readonly JsonSchema[] | undefined;
  readonly enum?: readonly unknown[] | undefined;
  readonly const?: unknown;
  readonly format?: string | undefined;
  readonly pattern?: string | undefined;
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly minItems?: number | undefined;
  readonly maxItems?: number | undefined;
  readonly description?: string | undefined;
};

/** The same as a schema, for reading a file that claims to hold one. */
export const jsonSchema: z.ZodType<JsonSchema> = z.lazy(() =>
  z.looseObject({
    type: z.union([z.string(), z.array(z.string())]).optional(),
    properties: z.record(z.string(), jsonSchema).optional(),
    required: z.array(z.string()).optional(),
    additionalProperties: z.union([z.boolean(), jsonSchema]).optional(),
    items: jsonSchema.optional(),
    anyOf: z.array(jsonSchema).optional(),
    enum: z.array(z.unknown()).optional(),
    format: z.string().optional(),
    pattern: z.string().optional(),
    minLength: z.number().optional(),
    maxLength: z.number().optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    minItems: z.number().optional(),
    maxItems: z.number().optional(),
    description: z.string().optional(),
  }),
);

/** The whole event of a contract, envelope and data. */
export function jsonSchemaOf({ schema }: EventContract): JsonSchema {
  const generated = z.toJSONSchema(schema, {
    target: 'draft-7',
    // What may be sent, as the readers see it: they drop what they do not know.
    io: 'input',
    override: ({ jsonSchema }) => {
      // The format says it; the expression behind it is a page long.
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
    },
  });
  delete generated.$schema;
  return jsonSchema.parse(generated);
}
