import type { RouteFault } from './fault.ts';
import { err, ok, type Result } from './result.ts';

/** Which methods a route takes. `only` is sorted and without doubles, so that equal sets are equal lists. */
export type Methods = { kind: 'any' } | { kind: 'only'; names: readonly string[] };

const METHOD = /^[A-Z][A-Z-]{0,19}$/;

/** An empty list means any method. `GET` does not imply `HEAD`: name both where both are meant. */
export function parseMethods(names: readonly string[]): Result<Methods, RouteFault[]> {
  const faults = names.flatMap((name, index) => faultOf(name, index));
  if (faults.length > 0) return err(faults);
  if (names.length === 0) return ok({ kind: 'any' });
  return ok({ kind: 'only', names: [...new Set(names)].sort() });
}

function faultOf(name: string, index: number): RouteFault[] {
  const at = { code: 'methods_invalid', pointer: `/methods/${index}`, value: name } as const;
  if (name === 'CONNECT')
    return [
      {
        ...at,
        problem: 'CONNECT asks for a tunnel, which a facade does not open',
        remedy: 'leave it out',
      },
    ];
  if (METHOD.test(name)) return [];
  const remedy = METHOD.test(name.toUpperCase())
    ? `write "${name.toUpperCase()}": methods are case-sensitive`
    : 'use names like GET, HEAD, POST, PUT, PATCH, DELETE';
  return [{ ...at, problem: 'not an HTTP method', remedy }];
}

export function methodsTake(methods: Methods, method: string): boolean {
  return methods.kind === 'any' || methods.names.includes(method);
}

/** What two routes of the same shape would both claim on the same footing; empty where they can live side by side. */
export function contested(a: Methods, b: Methods): readonly string[] {
  if (a.kind === 'any' && b.kind === 'any') return ['any method'];
  if (a.kind === 'any' || b.kind === 'any') return [];
  return a.names.filter((name) => b.names.includes(name));
}

/** Routes for named methods come before routes for any. */
export function compareMethods(a: Methods, b: Methods): number {
  return Number(a.kind === 'any') - Number(b.kind === 'any');
}
