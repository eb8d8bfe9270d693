import type { RouteFault } from './fault.ts';
import { err, ok, type Result } from './result.ts';

/** Where a route leads once it leaves the monolith: an upstream of the configuration, or an origin. */
export type Target = { kind: 'upstream'; name: string } | { kind: 'origin'; origin: string };

/** An upstream as the transport takes it. */
export type Upstream = { name: string; origin: string };

/** What this site allows, from its configuration. `upstreams` always holds `monolith`. */
export type TargetPolicy = {
  upstreams: ReadonlyMap<string, string>;
  /** Host names (no port) besides loopback and the hosts of the upstreams. */
  allowedHosts: ReadonlySet<string>;
  /** The gateway's own doors: a route to one of them would go round in circles. */
  own: { hosts: ReadonlySet<string>; ports: ReadonlySet<number> };
};

export const MONOLITH = 'monolith';

const UPSTREAM_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;
const LOOPBACK = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/;

/** The target as an operator writes it and reads it. */
export function targetText(target: Target): string {
  return target.kind === 'upstream' ? target.name : target.origin;
}

/** Reads back what `targetText` wrote; whether the site (still) allows it is for `resolveTarget` to say. */
export function targetFromText(text: string): Target {
  return text.includes('://') ? { kind: 'origin', origin: text } : { kind: 'upstream', name: text };
}

/** Reads a target and holds it against what the site allows, so that a route cannot be made to reach into the network. */
export function parseTarget(text: string, policy: TargetPolicy): Result<Target, RouteFault> {
  const known = `known upstreams: ${[...policy.upstreams.keys()].sort().join(', ')}`;
  const fault = (
    code: 'target_invalid' | 'target_unknown' | 'target_not_allowed',
    problem: string,
    remedy: string,
  ) => err({ code, pointer: '/target', value: text, problem, remedy });

  if (policy.upstreams.has(text)) return ok({ kind: 'upstream', name: text });
  if (UPSTREAM_NAME.test(text))
    return fault(
      'target_unknown',
      `no upstream is named "${text}"`,
      `${known}; or give an absolute http URL`,
    );

  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    return fault(
      'target_invalid',
      'a target is the name of an upstream or an absolute http or https URL',
      `${known}; a URL looks like http://127.0.0.1:8090`,
    );
  }
  if (
    url.username !== '' ||
    url.password !== '' ||
    url.pathname !== '/' ||
    url.search !== '' ||
    url.hash !== ''
  ) {
    return fault(
      'target_invalid',
      'a target has no path, query, fragment or user: requests keep their own path',
      `write "${url.protocol}//${url.host}"`,
    );
  }
  if (isOwnDoor(url, policy)) {
    return fault(
      'target_not_allowed',
      'that is this gateway itself, and a request would go round in circles',
      `name the service behind it; ${known}`,
    );
  }
  if (!hostAllowed(url.hostname, policy)) {
    const remedy = `use loopback or the host of an upstream, or add the host to TARGET_HOSTS; ${known}`;
    return fault('target_not_allowed', `routes may not lead to the host "${url.hostname}"`, remedy);
  }
  return ok({ kind: 'origin', origin: url.origin });
}

/** The upstream behind a target; `undefined` where this instance's configuration does not know or allow it (any more). */
export function resolveTarget(target: Target, policy: TargetPolicy): Upstream | undefined {
  if (target.kind === 'origin') {
    const url = URL.parse(target.origin);
    if (url === null || isOwnDoor(url, policy) || !hostAllowed(url.hostname, policy))
      return undefined;
    return { name: url.host, origin: target.origin };
  }
  const origin = policy.upstreams.get(target.name);
  return origin === undefined ? undefined : { name: target.name, origin };
}

function hostAllowed(hostname: string, policy: TargetPolicy): boolean {
  if (LOOPBACK.test(hostname) || policy.allowedHosts.has(hostname)) return true;
  return [...policy.upstreams.values()].some((origin) => URL.parse(origin)?.hostname === hostname);
}

function isOwnDoor(url: URL, { own }: TargetPolicy): boolean {
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  return own.ports.has(port) && (LOOPBACK.test(url.hostname) || own.hosts.has(url.hostname));
}
