import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from '../site.ts';

export type Operation = {
  readonly method: string;
  readonly path: string;
  readonly id: string;
  readonly params: readonly string[];
  readonly query: readonly string[];
  /** Names of the properties of a JSON body. */
  readonly fields: readonly string[];
};

type Schema = { $ref?: string; properties?: Record<string, unknown> };
type Document = {
  paths: Record<
    string,
    Record<
      string,
      {
        operationId: string;
        parameters?: { name: string; in: string }[];
        requestBody?: { content: Record<string, { schema?: Schema }> };
      }
    >
  >;
  components: { schemas: Record<string, Schema> };
};

/** All operations of a service's committed OpenAPI document. */
export function operationsOf(
  service: 'monolith' | 'gateway' | 'migrator' | 'activity-service',
): Operation[] {
  const file = join(root, 'apps', service, 'openapi.yaml');
  const document = parse(readFileSync(file, 'utf8')) as Document;
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, parameters = [], requestBody }]) => {
      const schema = requestBody?.content['application/json']?.schema;
      const name = schema?.$ref?.split('/').at(-1);
      const found = name === undefined ? schema : document.components.schemas[name];
      const named = (place: string): string[] =>
        parameters.filter((parameter) => parameter.in === place).map((parameter) => parameter.name);
      return {
        method: method.toUpperCase(),
        path,
        id: operationId,
        params: named('path'),
        query: named('query'),
        fields: Object.keys(found?.properties ?? {}),
      };
    }),
  );
}

/** The path of an operation with all its parameters given the same value. */
export function filled(path: string, value: string): string {
  return path.replaceAll(/\{\w+\}/g, value);
}
