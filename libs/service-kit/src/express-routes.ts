import type { Application, Request } from 'express';

/** What a route table is made of in Express 5; its types do not describe it. */
type Route = { methods: Record<string, boolean> };
type Layer = {
  rawPath: unknown;
  route: unknown;
  handle: unknown;
  match: (path: string) => false | { path: string };
};

/**
 * Finds the full pattern of the route that answered a request, mount points included, such as
 * `/api/v1/articles/:id/comments`. The path itself never becomes part of it.
 */
export function createPatternFinder(app: Application): (req: Request) => string | undefined {
  const patterns = new WeakMap<object, string>();
  let known = false;
  return (req) => {
    const route = matchedRoute(app, req);
    if (route === undefined) return undefined;
    if (!known || !patterns.has(route)) {
      collect(stackOf(routerOf(app)), '', patterns);
      known = true;
    }
    return patterns.get(route) ?? ('path' in route ? patternText(route.path) : undefined);
  };
}

/** Express sets `route` only when it gets there; a request may be refused before, such as for its body. */
function matchedRoute(app: Application, req: Request): object | undefined {
  const route: unknown = req.route;
  if (isObject(route)) return route;
  const path = req.originalUrl.replace(/[?#].*$/s, '');
  return routesFor(stackOf(routerOf(app)), path).find(
    ({ methods }) => methods[req.method.toLowerCase()],
  );
}

function collect(stack: readonly Layer[], prefix: string, patterns: WeakMap<object, string>): void {
  for (const layer of stack) {
    const pattern = `${prefix}${patternText(layer.rawPath)}`.replace(/\/{2,}/g, '/');
    if (isObject(layer.route))
      patterns.set(layer.route, pattern.length > 1 ? pattern.replace(/\/$/, '') : pattern);
    else collect(stackOf(layer.handle), pattern === '/' ? '' : pattern, patterns);
  }
}

/** The methods that some route has for a path, sorted; empty when no route has the path. */
export function methodsFor(app: Application, path: string): string[] {
  const routes = routesFor(stackOf(routerOf(app)), path);
  const methods = new Set(routes.flatMap((route) => methodsOf(route)));
  if (methods.has('GET')) methods.add('HEAD');
  return [...methods].sort();
}

const methodsOf = ({ methods }: Route): string[] =>
  Object.entries(methods).flatMap(([method, handled]) =>
    handled && method !== '_all' ? [method.toUpperCase()] : [],
  );

/** All routes that have a path, whatever their methods, in the order in which they would be tried. */
function routesFor(stack: readonly Layer[], path: string): Route[] {
  return stack.flatMap((layer) => {
    const match = matchOf(layer, path);
    if (match === false) return [];
    if (isRoute(layer.route)) return [layer.route];
    const rest = path.slice(match.path.replace(/\/$/, '').length);
    return routesFor(stackOf(layer.handle), rest === '' ? '/' : rest);
  });
}

/** Matching decodes the path, which may be broken. */
function matchOf(layer: Layer, path: string): false | { path: string } {
  try {
    return layer.match(path);
  } catch {
    return false;
  }
}

function patternText(path: unknown): string {
  if (typeof path === 'string') return path;
  return Array.isArray(path) ? path.map(patternText).join('|') : String(path);
}

/** Express types `router` as a value that is always there; a plain handler has none. */
const routerOf = (app: Application): unknown => app.router;

function stackOf(router: unknown): readonly Layer[] {
  if (!isObject(router) && typeof router !== 'function') return [];
  const stack: unknown = Reflect.get(router, 'stack');
  return Array.isArray(stack) ? stack.filter(isLayer) : [];
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isLayer = (value: unknown): value is Layer =>
  isObject(value) &&
  'match' in value &&
  typeof value.match === 'function' &&
  'rawPath' in value &&
  'handle' in value;
const isRoute = (value: unknown): value is Route =>
  isObject(value) && 'methods' in value && isObject(value.methods);
